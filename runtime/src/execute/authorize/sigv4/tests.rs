//! Signatures that AWS publishes: the test suite of Signature Version 4 and the examples of S3's
//! documentation, whose keys are examples as well.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use cap_compiler::capability::Network;
use url::Url;

use super::*;

const SUITE_TIME: u64 = 1_440_938_160; // 2015-08-30 12:36:00
const S3_TIME: u64 = 1_369_353_600; // 2013-05-24 00:00:00

fn suite_key() -> AccessKey {
    key("service", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

fn s3_key() -> AccessKey {
    key("s3", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
}

fn key(service: &str, id: &str, secret: &str) -> AccessKey {
    AccessKey {
        region: "us-east-1".to_owned(),
        service: service.to_owned(),
        id: id.to_owned(),
        secret: SecretString::from(secret),
        session_token: None,
    }
}

fn signed(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>, key: &AccessKey, now: u64) -> String {
    let mut request = WireRequest {
        method: method.to_owned(),
        url: Url::parse(url).unwrap(),
        network: Network::Public,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.map(|body| body.as_bytes().to_vec()),
        connection: None,
        secret_url: false,
    };
    sign_at(&mut request, key, now);
    let authorization = request.headers.iter().find(|(name, _)| name == "Authorization");
    authorization.unwrap().1.clone()
}

fn signature(authorization: &str) -> &str {
    authorization.rsplit_once("Signature=").unwrap().1
}

#[test]
fn get_vanilla() {
    let authorization = signed("GET", "https://example.amazonaws.com/", &[], None, &suite_key(), SUITE_TIME);
    assert_eq!(
        authorization,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    );
}

#[test]
fn the_order_of_the_query_does_not_matter() {
    let authorization = signed(
        "GET",
        "https://example.amazonaws.com/?Param2=value2&Param1=value1",
        &[],
        None,
        &suite_key(),
        SUITE_TIME,
    );
    assert_eq!(signature(&authorization), "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

#[test]
fn get_object_of_s3_with_a_range() {
    let headers = [("Range", "bytes=0-9")];
    let authorization =
        signed("GET", "https://examplebucket.s3.amazonaws.com/test.txt", &headers, None, &s3_key(), S3_TIME);
    assert_eq!(
        authorization,
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
         SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
         Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    );
}

#[test]
fn put_object_of_s3_with_a_body_and_an_odd_name() {
    let headers = [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
    let url = "https://examplebucket.s3.amazonaws.com/test$file.text";
    let authorization = signed("PUT", url, &headers, Some("Welcome to Amazon S3."), &s3_key(), S3_TIME);
    assert_eq!(signature(&authorization), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

#[test]
fn a_query_without_value_has_an_empty_one() {
    let url = "https://examplebucket.s3.amazonaws.com/?lifecycle";
    let authorization = signed("GET", url, &[], None, &s3_key(), S3_TIME);
    assert_eq!(signature(&authorization), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

#[test]
fn times_are_of_the_civil_calendar() {
    assert_eq!(timestamp(SUITE_TIME), "20150830T123600Z");
    assert_eq!(timestamp(951_782_400), "20000229T000000Z");
    assert_eq!(timestamp(4_102_444_799), "20991231T235959Z");
}
