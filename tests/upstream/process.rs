//! What the system knows of a process: its memory, its files, and which processes it started.

use std::fs;

/// What a process holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// In bytes.
    pub(crate) memory: u64,
    pub(crate) files: usize,
    pub(crate) threads: usize,
    pub(crate) children: usize,
}

impl Held {
    pub(crate) fn by(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let number = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
        };
        let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        let threads = usize::try_from(number("Threads:")).unwrap();
        Self { memory: number("VmRSS:") * 1024, files, threads, children: descendants(pid).len() }
    }

    /// By how many bytes the memory is more than before.
    pub(crate) fn grown(&self, before: &Self) -> u64 {
        self.memory.saturating_sub(before.memory)
    }
}

/// The processes that a process started, and those that they started; without those that ended.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let processes = processes();
    let mut at = 0;
    while let Some(parent) = all.get(at).copied() {
        all.extend(processes.iter().filter(|(_, its)| *its == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    all.split_off(1)
}

/// Whether a process runs.
pub(crate) fn runs(pid: u32) -> bool {
    processes().iter().any(|(known, _)| *known == pid)
}

/// The processes whose command line has a text.
pub(crate) fn with_argument(text: &str) -> Vec<u32> {
    let has = |pid: u32| {
        fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(text))
    };
    processes().into_iter().map(|(pid, _)| pid).filter(|pid| *pid != std::process::id() && has(*pid)).collect()
}

/// Every process that runs, with its parent.
fn processes() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of the program stands in brackets and may have any character.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let (state, parent) = (fields.next()?, fields.next()?);
        (state != "Z").then_some((pid, parent.parse().ok()?))
    })
    .collect()
}
