//! An MCP server over standard input and output that lies, in one way at a time: `liar WAY [TOOLS]`.
//!
//! It speaks lines and knows no SDK, so that it can say what an SDK does not. What it does not lie about it
//! does as a server of 2025-11-25 would. TOOLS is the list of its tools as JSON.

use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let way = arguments.next().unwrap_or_default();
    // The tools themselves, or the file that has them.
    let tools =
        arguments.next().map(|text| if text.starts_with('[') { Ok(text) } else { std::fs::read_to_string(text) });
    let tools = tools.transpose()?.and_then(|text| serde_json::from_str(&text).ok());
    let tools = tools.unwrap_or_else(|| json!([{"name": "honest", "inputSchema": {"type": "object"}}]));
    begin(&way)?;
    for line in io::stdin().lock().lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else { continue };
        let (Some(id), Some(method)) = (message.get("id"), message.get("method").and_then(Value::as_str)) else {
            continue;
        };
        answer(&way, id, method, &tools, &message)?;
    }
    Ok(())
}

/// What it does before it is asked.
fn begin(way: &str) -> io::Result<()> {
    match way {
        "banner" => say("Welcome to the server!\n\n{ \"not\": json\n\u{1b}[1mready\u{1b}[0m\n")?,
        // Of requests that nobody made, and of those that will be made first.
        "early" => (1_000..1_064).try_for_each(|id| line(&result(&json!(id), &json!({"tools": []}))))?,
        "forestalls" => (0..64).try_for_each(|id| line(&result(&json!(id), &json!({"tools": []}))))?,
        "late" => thread::sleep(Duration::from_secs(20)),
        "closes" => return Err(io::Error::other("nothing to do here")),
        "long-stderr" => (0..20).try_for_each(|_| complain(&"x".repeat(1 << 20)))?,
        "endless-stderr" => drop(thread::spawn(|| while complain("it goes on and on").is_ok() {})),
        "endless-line" => drop(thread::spawn(|| while say(&"x".repeat(1 << 16)).is_ok() {})),
        "fickle" => drop(thread::spawn(|| {
            let changed = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
            while line(&changed).is_ok() {
                thread::sleep(Duration::from_millis(1));
            }
        })),
        "flood" => drop(thread::spawn(|| {
            let note =
                json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}});
            let changed = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
            let text = format!("{note}\n{changed}\n").repeat(50);
            // Not before anybody listens.
            thread::sleep(Duration::from_secs(1));
            (0..count()).try_for_each(|_| say(&text))
        })),
        _ => {}
    }
    Ok(())
}

/// A number that was not said before.
fn fresh() -> u64 {
    static SAID: AtomicU64 = AtomicU64::new(0);
    SAID.fetch_add(1, Ordering::Relaxed)
}

/// Five hundred tools, and others whenever they are listed.
fn fickle() -> Value {
    let listed = fresh();
    let tool = |number: u64| {
        let description = format!("Tool {number} as it is the time number {listed}.");
        json!({"name": format!("tool_{number}"), "description": description, "inputSchema": {"type": "object"}})
    };
    (0..500).map(tool).collect()
}

/// How many hundreds of notes a flood has.
fn count() -> usize {
    std::env::var("HUNDREDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000)
}

fn answer(way: &str, id: &Value, method: &str, tools: &Value, message: &Value) -> io::Result<()> {
    let honest = match method {
        "initialize" => {
            json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {"listChanged": true}, "logging": {}}, "serverInfo": {"name": "liar", "version": "1"}})
        }
        "tools/list" => json!({ "tools": tools }),
        "tools/call" => json!({"content": [{"type": "text", "text": "honestly"}]}),
        "ping" => json!({}),
        _ => {
            let error = json!({"code": -32601, "message": "Method not found"});
            return line(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
        }
    };
    match (way, method) {
        // It hears nothing from then on.
        ("deaf", "tools/call") => {
            thread::sleep(LIFETIME);
            Err(io::ErrorKind::TimedOut.into())
        }
        // It asks, and does not hear the answers.
        ("curious", "tools/call") => loop {
            let (asked, again) = (fresh(), fresh());
            line(&json!({"jsonrpc": "2.0", "id": asked, "method": "ping"}))?;
            line(&json!({"jsonrpc": "2.0", "id": "a question", "method": "ping"}))?;
            line(&json!({"jsonrpc": "2.0", "id": again, "method": "ping"}))?;
            line(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": again}}))?;
        },
        ("mute", _) => Ok(()),
        ("mute-calls", "tools/call") => Ok(()),
        ("wrong-ids", "tools/call") => line(&result(&json!(id.as_i64().unwrap_or_default() + 1_000), &honest)),
        ("null-ids", "tools/call") => line(&result(&Value::Null, &honest)),
        ("text-ids", "tools/call") => line(&result(&json!(id.to_string()), &honest)),
        ("duplicates", _) => {
            let other = json!({"content": [{"type": "text", "text": "another answer"}], "tools": []});
            line(&result(id, &honest))?;
            line(&result(id, &other))
        }
        ("broken-lines", _) => {
            say("{\"jsonrpc\": \"2.0\", \"id\": \n[]\n42\nnull\n{}\n\u{0}\n[[[[[[\n")?;
            line(&result(id, &honest))
        }
        ("same-cursor", "tools/list") => line(&result(id, &json!({"tools": tools, "nextCursor": "again"}))),
        ("endless-cursor", "tools/list") => {
            let before = message.pointer("/params/cursor").and_then(Value::as_str).unwrap_or("0");
            let next = before.parse::<u64>().unwrap_or_default() + 1;
            line(&result(id, &json!({"tools": tools, "nextCursor": next.to_string()})))
        }
        ("fickle", "tools/list") => line(&result(id, &json!({ "tools": fickle() }))),
        ("giant-list", "tools/list") => giant(id),
        ("giant-answer", "tools/call") => giant(id),
        ("odd-list", "tools/list") => line(&result(id, &json!({"tools": "none"}))),
        ("odd-answer", "tools/call") => line(&result(id, &json!({"content": {"type": "text"}, "isError": "maybe"}))),
        _ => line(&result(id, &honest)),
    }
}

/// A hundred megabytes of one schema.
fn giant(id: &Value) -> io::Result<()> {
    say(&format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"tools":[{{"name":"giant","inputSchema":{{"type":"object","description":""#
    ))?;
    (0..100).try_for_each(|_| say(&"x".repeat(1 << 20)))?;
    say("\"}}],\"content\":[]}}\n")
}

fn result(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

fn line(message: &Value) -> io::Result<()> {
    say(&format!("{message}\n"))
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn complain(text: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    writeln!(out, "{text}")
}

/// The longest that one lives whose gateway was killed.
const LIFETIME: Duration = Duration::from_secs(100);
