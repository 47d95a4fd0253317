//! The queue and the writer together, with a disk that is full.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::file::Destination;
use super::queue::Queue;
use super::writer;

fn line(number: usize) -> Vec<u8> {
    let filling = "x".repeat(1000);
    format!("{{\"number\":{number},\"filling\":\"{filling}\"}}\n").into_bytes()
}

/// The lines that are written to their end.
fn read(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let complete = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    complete.map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

#[test]
fn a_line_that_was_cut_is_not_continued() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    for (before, after) in [
        ("", "{\"event\":\"stopped\"}\n"),
        ("{}\n", "{}\n{\"event\":\"stopped\"}\n"),
        ("{}\n{\"ti", "{}\n{\"ti\n{\"event\":\"stopped\"}\n"),
    ] {
        tempfile::NamedTempFile::new_in(folder.path())
            .and_then(|mut file| {
                file.write_all(before.as_bytes())?;
                Ok(file.persist(&path)?)
            })
            .expect("a file");
        let queue = Queue::default();
        assert!(queue.close(b"{\"event\":\"stopped\"}\n"));
        writer::write_all(&queue, Destination::open(&path).expect("it opens"));
        assert_eq!(std::fs::read_to_string(&path).expect("a text"), after);
    }
}

/// `/dev/full` refuses every byte, as a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_delays_lines_and_a_gap_is_told_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    std::os::unix::fs::symlink("/dev/full", &path).expect("a link");
    let destination = Destination::open(&path).expect("it opens");
    let queue = Arc::new(Queue::default());
    let writing = Arc::clone(&queue);
    let thread = thread::spawn(move || writer::write_all(&writing, destination));
    queue.push(&line(0));
    thread::sleep(Duration::from_millis(300));
    (1..6000).for_each(|number| queue.push(&line(number)));
    let lost = queue.lost();
    assert!(lost > 0 && lost < 6000, "{lost} lines are lost");

    std::fs::remove_file(&path).expect("the link goes");
    let start = Instant::now();
    while !read(&path).iter().any(|line| line["event"] == "gap") {
        assert!(start.elapsed() < Duration::from_secs(10), "nothing is written to the new file");
        thread::sleep(Duration::from_millis(50));
    }
    queue.push(&line(6000));
    assert!(queue.close(b"{\"event\":\"stopped\"}\n"));
    thread.join().expect("the writer ends");
    let written = read(&path);
    let numbers: Vec<u64> = written.iter().filter_map(|line| line["number"].as_u64()).collect();
    assert_eq!(numbers.len() as u64 + lost, 6001);
    assert!(numbers.is_sorted() && numbers.first() == Some(&0) && numbers.last() == Some(&6000));
    let gap = written.iter().position(|line| line["event"] == "gap").expect("a gap");
    assert_eq!((&written[gap]["lost"], gap + 3), (&Value::from(lost), written.len()));
    assert_eq!(queue.lost(), lost);
}
