//! A signed folder with two tools, and what a gateway makes of it after somebody changed something.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::keys::Key;
use crate::served::Served;
use crate::support::Sandbox;

/// How the gateway is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Default,
    Locked,
    Signed,
}

/// What it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: it does not start; and what was served before goes on being served. It says this.
    Refused(&'static str),
    /// So many tools, so many of them without a pin, and these not.
    Served(u64, u64, &'static [&'static str]),
}

impl Mode {
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Default => &[],
            Self::Locked => &["--locked"],
            Self::Signed => &["--require-signature", "allowed_signers"],
        }
    }
}

pub(crate) fn tool(name: &str, path: &str) -> String {
    format!(
        "version: 1\nkind: capability\nname: {name}\nserver: https://api.bakery.example\n\
         description: List what is for sale today.\ninput: {{type: object}}\nrequest: {{method: GET, path: {path}}}\n"
    )
}

/// A folder that Alice signed.
pub(crate) fn signed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/list_cakes.yaml", &tool("list_cakes", "/cakes"));
    sandbox.write("capabilities/list_pies.yaml", &tool("list_pies", "/pies"));
    sandbox.write("allowed_signers", &Key::of("alice").line("namespaces=\"cap.lock\""));
    sign(&sandbox, "alice");
    sandbox
}

/// Pins what is there, and signs it.
pub(crate) fn sign(sandbox: &Sandbox, name: &str) {
    let key = Key::of(name).write(sandbox);
    sandbox.ok(&["pin"]);
    sandbox.ok(&["sign", "--key", &key]);
}

/// Pins again without a signature: what somebody does who has no key.
pub(crate) fn edit(sandbox: &Sandbox, path: &str, from: &str, to: &str) {
    let text = sandbox.read(path);
    assert!(text.contains(from), "{path} has no {from:?}");
    sandbox.write(path, &text.replacen(from, to, 1));
}

pub(crate) fn remove(sandbox: &Sandbox, path: &str) {
    fs::remove_file(sandbox.path().join(path)).unwrap();
}

/// Starts a gateway that must not start, and gives its status and what it said.
pub(crate) fn refused(sandbox: &Sandbox, flags: &[&str]) -> (i32, String) {
    let log = sandbox.path().join("log");
    let file = fs::File::create(&log).unwrap();
    let mut command = sandbox.command(&[&["serve", "--listen", "127.0.0.1:0"], flags].concat());
    let mut child = command.stdout(Stdio::null()).stderr(file).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code().unwrap_or(-1), fs::read_to_string(&log).unwrap());
        }
        if Instant::now() > end {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it was served: {}", fs::read_to_string(&log).unwrap());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the gateway serves what it should, or says what it should.
pub(crate) async fn expect(served: &Served, effect: &Effect, what: &str) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let health = served.health().await;
        let problems = health["problems"].to_string();
        let held: Vec<&str> =
            health["quarantined"].as_array().unwrap().iter().map(|it| it["tool"].as_str().unwrap()).collect();
        let now = (health["tools"].as_u64().unwrap(), health["unpinned"].as_u64().unwrap());
        let fits = match effect {
            Effect::Refused(text) => problems.contains(text) && now == (2, 0) && held.is_empty(),
            Effect::Served(tools, unpinned, quarantined) => now == (*tools, *unpinned) && held == *quarantined,
        };
        if fits {
            return;
        }
        assert!(Instant::now() < end, "{what}: expected {effect:?}, and it is {health:#}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// All that stands in the capabilities folder.
pub(crate) fn state(sandbox: &Sandbox) -> Vec<(String, String)> {
    let files = fs::read_dir(sandbox.path().join("capabilities")).unwrap();
    let names = files.map(|file| format!("capabilities/{}", file.unwrap().file_name().to_string_lossy()));
    names.map(|name| (name.clone(), sandbox.read(&name))).collect()
}

/// Makes the capabilities folder what it was.
pub(crate) fn put_back(sandbox: &Sandbox, old: &[(String, String)]) {
    state(sandbox).iter().for_each(|(name, _)| remove(sandbox, name));
    old.iter().for_each(|(name, text)| sandbox.write(name, text));
}

/// A third tool, pinned and signed by Alice: always the same bytes.
pub(crate) fn added_and_signed(sandbox: &Sandbox) {
    sandbox.write("capabilities/list_tarts.yaml", &tool("list_tarts", "/tarts"));
    sign(sandbox, "alice");
}
