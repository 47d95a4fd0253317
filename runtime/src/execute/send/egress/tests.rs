//! Addresses by what they are for.

use std::net::IpAddr;

use cap_compiler::capability::Network;
use url::Url;

use super::{check_resolved, check_url};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn public_addresses_are_reached() {
    for text in ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "198.20.0.1", "223.255.255.255"] {
        assert_eq!(check_resolved(address(text), Network::Public), Ok(()), "{text}");
    }
    for text in ["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450::1", "2620:4e::1"] {
        assert_eq!(check_resolved(address(text), Network::Public), Ok(()), "{text}");
    }
}

#[test]
fn special_addresses_are_not() {
    let special = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.53",
        "169.254.1.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::808:808",
        "100::1",
        "2001::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:808:808::1",
        "2620:4f:8000::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
    ];
    for text in special {
        assert!(check_resolved(address(text), Network::Public).is_err(), "{text}");
    }
}

#[test]
fn private_networks_are_reached_when_the_author_says_so() {
    for text in ["127.0.0.1", "10.0.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "::1", "fd12::1", "fe80::1"] {
        assert_eq!(check_resolved(address(text), Network::Private), Ok(()), "{text}");
    }
    for text in
        ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "100.100.100.200", "ff02::1", "224.0.0.1"]
    {
        assert!(check_resolved(address(text), Network::Private).is_err(), "{text}");
    }
}

#[test]
fn metadata_needs_a_literal_and_the_authors_word() {
    let url = Url::parse("http://169.254.169.254/latest").unwrap();
    assert!(check_url(&url, Network::Public).is_err());
    assert_eq!(check_url(&url, Network::Private), Ok(()));
}
