//! A server that gives everything back that it got, in several spellings, and hands out tokens.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::planted::{DEVICE, REFRESH, TOKEN};

/// A document with something to say about it.
const OPENAPI: &str = "openapi: 3.0.3\ninfo: {title: Echo, version: '1'}\nservers: [{url: https://echo.example}]\npaths:\n  \
                       /echo/{id}:\n    get:\n      responses: {'200': {$ref: '#/components/responses/None'}}\n";

fn answer(stream: &mut TcpStream) {
    let mut bytes = vec![0; 65536];
    let mut length = 0;
    // Requests of this test fit into a few reads; the body follows the head at once.
    loop {
        let read = stream.read(&mut bytes[length..]).unwrap_or(0);
        length += read;
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return;
            }
            continue;
        };
        let wanted = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap())
            })
            .unwrap_or(0);
        if body.len() >= wanted || read == 0 {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').split('?').next().unwrap().to_owned();
    let authorization = text.lines().find_map(|line| line.split_once("uthorization: ")).map_or("", |(_, value)| value);
    let reply = |status: &str, headers: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    };
    let encoded = BASE64_STANDARD.encode(format!("x{text}"));
    let reply = match path.as_str() {
        "token" => {
            let body =
                json!({"access_token": TOKEN, "refresh_token": REFRESH, "token_type": "bearer", "expires_in": 3600});
            reply("200 OK", "content-type: application/json\r\n", &body.to_string())
        }
        "device" => {
            let body = json!({"device_code": DEVICE, "user_code": "WDJB-MJHT", "expires_in": 60, "interval": 0,
                              "verification_uri": "https://login.example/device"});
            reply("200 OK", "content-type: application/json\r\n", &body.to_string())
        }
        "denied" => {
            let body = json!({"error": "invalid_grant", "error_description": text});
            reply("400 No", "content-type: application/json\r\n", &body.to_string())
        }
        "document" => reply("200 OK", "content-type: application/yaml\r\n", OPENAPI),
        "base64" => reply("200 OK", "content-type: application/json\r\n", &json!({"got": encoded}).to_string()),
        "failure" => reply("500 Oops", "content-type: application/json\r\n", &json!({"detail": text}).to_string()),
        "redirect" => reply("302 Found", &format!("location: http://elsewhere.example/{authorization}\r\n"), ""),
        "header" => reply("200 OK", &format!("content-type: text/{authorization}\r\nx: {authorization}\r\n"), "x"),
        "html" => reply("403 No", "content-type: text/html\r\n", &format!("<h1>No</h1><p>{text}</p>")),
        "broken" => format!("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{text}"),
        _ => reply("200 OK", "content-type: application/json\r\n", &json!({"got": text}).to_string()),
    };
    let _ = stream.write_all(reply.as_bytes());
}

pub(crate) fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(&mut stream.unwrap()));
        }
    });
    url
}
