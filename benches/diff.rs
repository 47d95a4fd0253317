//! What a review of many capabilities costs: two folders with thousands of tools, of which a hundred changed.
//!
//! The built binary is run as a person runs it, and looked at from outside: wall time, and the largest resident
//! memory, read from `/proc` while it runs. `CAP_BENCH_TOOLS` sets the numbers of tools, such as `1000,10000`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench that cannot go on stops, and says what it saw"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How many tools each api has.
const TOOLS_OF_AN_API: usize = 50;
/// How many tools change.
const CHANGED: usize = 100;
/// How often each size is measured.
const ROUNDS: usize = 5;

fn main() {
    let sizes = std::env::var("CAP_BENCH_TOOLS").unwrap_or_else(|_| "1000,10000".to_owned());
    for tools in sizes.split(',').map(|size| size.trim().parse().unwrap()) {
        measure(tools);
    }
}

fn measure(tools: usize) {
    let folder = tempfile::tempdir().unwrap();
    write_tools(&folder.path().join("old"), tools, 0);
    write_tools(&folder.path().join("new"), tools, CHANGED);
    let mut seen: Vec<(Duration, u64, usize)> = (0..ROUNDS).map(|_| run(folder.path())).collect();
    seen.sort();
    let (wall, _, changes) = seen[ROUNDS / 2];
    let memory = seen.iter().map(|(_, memory, _)| *memory).max().unwrap();
    println!("{tools} against {tools} tools, {changes} changes");
    println!("  wall, median of {ROUNDS}   {:>9.0} ms", wall.as_secs_f64() * 1e3);
    println!("  largest resident   {:>9.1} MB", f64::from(u32::try_from(memory).unwrap()) / 1e3);
}

/// Wall time, largest resident memory in kB, and the number of changes.
fn run(folder: &Path) -> (Duration, u64, usize) {
    let output = tempfile::tempfile().unwrap();
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cap"));
    command.args(["diff", "old", "new", "--format", "json", "--deny", "none"]).current_dir(folder);
    let mut child = command.stdout(output.try_clone().unwrap()).stderr(Stdio::null()).spawn().unwrap();
    let mut memory = 0;
    while child.try_wait().unwrap().is_none() {
        memory = memory.max(resident(child.id()));
        std::thread::sleep(Duration::from_millis(2));
    }
    let wall = start.elapsed();
    let mut text = String::new();
    std::io::Seek::rewind(&mut &output).unwrap();
    std::io::Read::read_to_string(&mut &output, &mut text).unwrap();
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let counts = found["changes"].as_array().unwrap().iter().map(|it| it["count"].as_u64().unwrap());
    (wall, memory, usize::try_from(counts.sum::<u64>()).unwrap())
}

/// The largest resident memory so far, in kB; nothing where there is no `/proc`.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}

fn write_tools(folder: &Path, tools: usize, changed: usize) {
    for index in 0..tools {
        let api = index / TOOLS_OF_AN_API;
        let place = folder.join(format!("api{api}"));
        if index % TOOLS_OF_AN_API == 0 {
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join("api.yaml"), api_text(api)).unwrap();
        }
        let is_changed = changed > 0 && index % (tools / changed).max(1) == 0;
        fs::write(place.join(format!("tool{index}.yaml")), tool_text(api, index, is_changed)).unwrap();
    }
}

fn api_text(api: usize) -> String {
    format!(
        "version: 1\nkind: api\nname: api{api}\ndescription: The api number {api}.\nserver: https://api{api}.example\n\
         schemes: {{token: {{bearer: \"{{{{ secret.API{api}_TOKEN }}}}\"}}}}\nsecurity: [[token]]\n"
    )
}

fn tool_text(api: usize, index: usize, is_changed: bool) -> String {
    let most = if is_changed { 50 } else { 100 };
    format!(
        "version: 1\nkind: capability\nname: tool{index}\napi: api{api}\ntitle: Tool {index}\n\
         description: Finds the things number {index} of an account, with their owners and states, newest first.\n\
         input:\n  type: object\n  additionalProperties: false\n  required: [account]\n  properties:\n    \
         account: {{type: string, description: The account that the things belong to.}}\n    \
         state: {{type: string, enum: [open, closed, all], description: Only things in this state.}}\n    \
         since: {{type: string, format: date-time, description: Only things that changed after this time.}}\n    \
         limit: {{type: integer, minimum: 1, maximum: {most}, description: How many things at most.}}\n\
         request:\n  method: GET\n  path: /accounts/{{{{ account }}}}/things{index}\n  query:\n    \
         state: \"{{{{ state }}}}\"\n    since: \"{{{{ since }}}}\"\n    limit: \"{{{{ limit }}}}\"\n\
         response:\n  schema:\n    type: array\n    items:\n      type: object\n      required: [id]\n      \
         properties: {{id: {{type: integer}}, name: {{type: string}}, state: {{type: string}}}}\n"
    )
}
