//! What `cap import` costs as a process: user CPU and peak memory, beside a bare parse of the same
//! JSON and beside writing the same files. `CAP_SHARED` names the folder of the document.
//!
//! Targets: without the writing, at most four times the bare parse; at most six times the document's
//! size in memory. The figures come from `/proc`, so they are there on Linux only.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench that cannot go on stops, and says what it saw"
)]

#[path = "../compiler/benches/support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use support::{LARGE, github, repeated};

/// Clock ticks in a second, in `/proc`.
const TICKS: f64 = 100.0;
/// Runs of each process: the mean of the time counts, which the system tells in ticks, and the least
/// of the memory.
const RUNS: u32 = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|it| it == "--as") {
        Some(at) => act(&arguments[at + 1..]),
        None => measure(),
    }
}

/// What the processes that are compared with do.
fn act(arguments: &[String]) {
    match arguments[0].as_str() {
        "parse" => drop(serde_json::from_slice::<Value>(&fs::read(&arguments[1]).unwrap()).unwrap()),
        "write" => write(Path::new(&arguments[1]), Path::new(&arguments[2])),
        other => panic!("nothing is done as {other}"),
    }
}

fn measure() {
    if !Path::new("/proc/self/stat").exists() {
        return println!("skipped: there is no /proc here");
    }
    let Some(github) = github() else { return };
    let large = repeated(&github, LARGE);
    for (name, bytes) in [("github", github), ("github_13_mb", large)] {
        let folder = tempfile::tempdir().unwrap();
        let document = folder.path().join("document.json");
        fs::write(&document, &bytes).unwrap();
        report(name, &document, folder.path(), bytes.len());
    }
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn report(name: &str, document: &Path, folder: &Path, size: usize) {
    let own = std::env::current_exe().unwrap();
    let parse = cost(|| command(&own, &["--as", "parse"], &[document]));
    let made = folder.join("made");
    let import = cost(|| {
        let _ = fs::remove_dir_all(&made);
        command(Path::new(env!("CARGO_BIN_EXE_cap")), &["import", "--out"], &[&made, document])
    });
    let copy = folder.join("copy");
    let writing = cost(|| {
        let _ = fs::remove_dir_all(&copy);
        command(&own, &["--as", "write"], &[&made, &copy])
    });
    let megabytes = size as f64 / 1e6;
    println!("{name}: {megabytes:.1} MB");
    for (what, cost) in [("bare parse", &parse), ("cap import", &import), ("writing its files", &writing)] {
        println!("  {what:<18} {:>6.3} s user, {:>7.1} MB", cost.user, cost.peak / 1e6);
    }
    let times = (import.user - writing.user) / parse.user;
    println!(
        "  {times:.1} times the bare parse (target 4), {:.1} times the size (target 6)",
        import.peak / size as f64
    );
}

/// What a process used.
struct Cost {
    /// Seconds of user CPU.
    user: f64,
    /// Bytes that were resident at most.
    peak: f64,
}

fn command(program: &Path, words: &[&str], paths: &[&Path]) -> Command {
    let mut command = Command::new(program);
    command.args(words).args(paths).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn cost(mut command: impl FnMut() -> Command) -> Cost {
    let before = user_of_children();
    let peaks = (0..RUNS).map(|_| peak(&mut command()));
    let peak = peaks.fold(f64::INFINITY, f64::min);
    Cost { user: (user_of_children() - before) / f64::from(RUNS), peak }
}

/// Runs a process and gives its peak memory.
fn peak(command: &mut Command) -> f64 {
    let mut child = command.spawn().unwrap();
    let mut peak = 0.0;
    loop {
        // The high-water mark only rises, so the last look before the end is close to it.
        peak = high_water(child.id()).unwrap_or(peak);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?} failed");
            return peak;
        }
        sleep(Duration::from_millis(1));
    }
}

fn high_water(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

/// Seconds of user CPU of all processes that were waited for.
fn user_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // Field 16 of proc(5); the first after the name is field 3.
    fields[13].parse::<f64>().unwrap() / TICKS
}

/// Writes the files of one folder to another, each beside its place first, as the command does.
fn write(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let place = to.join(path.file_name().unwrap());
        if path.is_dir() {
            write(&path, &place);
            continue;
        }
        let beside = tempfile::NamedTempFile::new_in(to).unwrap();
        fs::write(beside.path(), fs::read(&path).unwrap()).unwrap();
        beside.persist(&place).unwrap();
    }
}
