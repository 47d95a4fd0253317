//! OpenAPI's style tables, row by row, as bytes on the wire.

use cap_compiler::capability::{Encoding, Parameter, PathPiece, Style};
use serde_json::{Value, json};

use super::support::{Server, bound, call, invoke, styled};

fn values() -> [Value; 3] {
    [json!("blue"), json!(["blue", "black", "brown"]), json!({"R": 100, "G": 200, "B": 150})]
}

#[tokio::test]
async fn path_styles() {
    let rows = [
        (Style::Matrix, false, [";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"]),
        (Style::Matrix, true, [";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"]),
        (Style::Label, false, [".blue", ".blue,black,brown", ".R,100,G,200,B,150"]),
        (Style::Label, true, [".blue", ".blue.black.brown", ".R=100.G=200.B=150"]),
        (Style::Simple, false, ["blue", "blue,black,brown", "R,100,G,200,B,150"]),
        (Style::Simple, true, ["blue", "blue,black,brown", "R=100,G=200,B=150"]),
    ];
    let server = Server::start().await;
    for (style, explode, expected) in rows {
        for (value, expected) in values().into_iter().zip(expected) {
            let mut call = call(&server.url(), "/x/");
            call.path.push(PathPiece::Value(styled("color", style, explode)));
            invoke(call, json!({"color": value})).await.unwrap();
            assert_eq!(server.last().target, format!("/x/{expected}"), "{style:?} explode {explode}");
        }
    }
}

#[tokio::test]
async fn query_styles() {
    let repeated = "color=blue&color=black&color=brown";
    let rows = [
        (Style::Form, false, ["color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"]),
        (Style::Form, true, ["color=blue", repeated, "R=100&G=200&B=150"]),
        (
            Style::SpaceDelimited,
            false,
            ["color=blue", "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"],
        ),
        (Style::SpaceDelimited, true, ["color=blue", repeated, "R=100&G=200&B=150"]),
        (
            Style::PipeDelimited,
            false,
            ["color=blue", "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"],
        ),
        (Style::PipeDelimited, true, ["color=blue", repeated, "R=100&G=200&B=150"]),
        (
            Style::DeepObject,
            true,
            [
                "color=blue",
                "color%5B%5D=blue&color%5B%5D=black&color%5B%5D=brown",
                "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150",
            ],
        ),
    ];
    let server = Server::start().await;
    for (style, explode, expected) in rows {
        for (value, expected) in values().into_iter().zip(expected) {
            let mut call = call(&server.url(), "/x");
            call.query.push(styled("color", style, explode));
            invoke(call, json!({"color": value})).await.unwrap();
            assert_eq!(server.last().query(), expected, "{style:?} explode {explode}");
        }
    }
}

#[tokio::test]
async fn header_and_cookie_styles() {
    let server = Server::start().await;
    let headers = [
        (false, ["blue", "blue,black,brown", "R,100,G,200,B,150"]),
        (true, ["blue", "blue,black,brown", "R=100,G=200,B=150"]),
    ];
    for (explode, expected) in headers {
        for (value, expected) in values().into_iter().zip(expected) {
            let mut call = call(&server.url(), "/x");
            call.headers.push(styled("color", Style::Simple, explode));
            invoke(call, json!({"color": value})).await.unwrap();
            assert_eq!(server.last().header("color").unwrap(), expected, "explode {explode}");
        }
    }
    let cookies = [
        (false, ["color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"]),
        (true, ["color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"]),
    ];
    for (explode, expected) in cookies {
        for (value, expected) in values().into_iter().zip(expected) {
            let mut call = call(&server.url(), "/x");
            call.cookies.push(styled("color", Style::Form, explode));
            call.cookies.push(styled("other", Style::Form, true));
            invoke(call, json!({"color": value, "other": "a b"})).await.unwrap();
            assert_eq!(server.last().header("cookie").unwrap(), format!("{expected}; other=a%20b"));
        }
    }
}

#[tokio::test]
async fn values_are_encoded_for_their_place() {
    let server = Server::start().await;
    let rows = [
        (json!("a b/ü&c=d+e"), "q=a%20b%2F%C3%BC%26c%3Dd%2Be"),
        (json!(""), "q="),
        (json!([]), ""),
        (json!({}), ""),
        (json!(null), ""),
        (json!(0), "q=0"),
        (json!(false), "q=false"),
        (json!(5.0), "q=5"),
        (json!(1.5), "q=1.5"),
        (json!([{"a": 1}]), "q=%7B%22a%22%3A1%7D"),
        (json!(["x", null, "y"]), "q=x&q=y"),
    ];
    for (value, expected) in rows {
        let mut call = call(&server.url(), "/x");
        call.query.push(styled("q", Style::Form, true));
        invoke(call, json!({"q": value})).await.unwrap();
        assert_eq!(server.last().query(), expected);
    }
    let mut call = call(&server.url(), "/x");
    call.query.push(Parameter { name: "filter[a b]".to_owned(), ..styled("q", Style::Form, true) });
    invoke(call, json!({"q": "v"})).await.unwrap();
    assert_eq!(server.last().query(), "filter%5Ba%20b%5D=v");
}

#[tokio::test]
async fn reserved_characters_stay_but_end_nothing() {
    let server = Server::start().await;
    let encoding = Encoding::Style { style: Style::Form, explode: true, allow_reserved: true };
    let mut call = call(&server.url(), "/x");
    call.query.push(Parameter { name: "q".to_owned(), value: bound("q"), encoding });
    invoke(call, json!({"q": "/a:b?c@d,e&f=g#h%20i;j+k[l]%"})).await.unwrap();
    assert_eq!(server.last().query(), "q=/a:b?c@d,e%26f=g%23h%20i%3Bj%2Bk%5Bl%5D%25");
}

#[tokio::test]
async fn content_parameters_are_json() {
    let server = Server::start().await;
    let encoding = Encoding::Content { media_type: "application/json".to_owned() };
    let parameter = |name: &str| Parameter { name: name.to_owned(), value: bound("v"), encoding: encoding.clone() };
    let mut call = call(&server.url(), "/x/");
    call.path.push(PathPiece::Value(parameter("p")));
    call.query.push(parameter("q"));
    call.headers.push(parameter("x-h"));
    invoke(call, json!({"v": {"a": [1, "b c"]}})).await.unwrap();
    let seen = server.last();
    assert_eq!(seen.target, "/x/%7B%22a%22%3A%5B1%2C%22b%20c%22%5D%7D?q=%7B%22a%22%3A%5B1%2C%22b%20c%22%5D%7D");
    assert_eq!(seen.header("x-h").unwrap(), r#"{"a":[1,"b c"]}"#);
}

#[tokio::test]
async fn deep_objects_nest() {
    let server = Server::start().await;
    let mut call = call(&server.url(), "/x");
    call.query.push(styled("f", Style::DeepObject, true));
    invoke(call, json!({"f": {"a": {"b": 1}, "c": [1, 2], "d": [{"e": true}]}})).await.unwrap();
    let expected = "f%5Ba%5D%5Bb%5D=1&f%5Bc%5D%5B%5D=1&f%5Bc%5D%5B%5D=2&f%5Bd%5D%5B0%5D%5Be%5D=true";
    assert_eq!(server.last().query(), expected);
}
