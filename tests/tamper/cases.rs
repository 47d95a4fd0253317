//! One change by somebody who has no key, under each way to serve: at the start and while it runs.

use crate::keys::Key;
use crate::scene::Effect::{self, Refused, Served as Serves};
use crate::scene::{Mode, edit, expect, refused, remove, sign, signed, tool};
use crate::served::Served;
use crate::support::Sandbox;

/// What is done, what somebody does to a signed folder, and what comes of it by default, with `--locked`, and
/// with `--require-signature`.
type Case = (&'static str, fn(&Sandbox), [Effect; 3]);

const CAKES: &[&str] = &["list_cakes"];
const BOTH: &[&str] = &["list_cakes", "list_pies"];
const NOBODY: &str = "is signed by no allowed signer";

const CASES: [Case; 13] = [
    ("an edited file", edited_file, [Serves(1, 0, CAKES), Serves(1, 0, CAKES), Serves(1, 0, CAKES)]),
    ("an edited lock", edited_lock, [Serves(1, 0, CAKES), Serves(1, 0, CAKES), Refused(NOBODY)]),
    ("a file and its line", pinned_again, [Serves(2, 0, &[]), Serves(2, 0, &[]), Refused(NOBODY)]),
    ("a removed line", removed_line, [Serves(2, 1, &[]), Serves(1, 0, CAKES), Refused(NOBODY)]),
    ("a removed lock", removed_lock, [Serves(2, 2, &[]), Serves(0, 0, BOTH), Refused("cap.lock` does not exist")]),
    ("reordered lines", reordered, [Serves(2, 0, &[]), Serves(2, 0, &[]), Refused(NOBODY)]),
    ("an added file", added_file, [Serves(3, 1, &[]), Serves(2, 0, &["list_tarts"]), Serves(2, 0, &["list_tarts"])]),
    ("a removed file", removed_file, [Serves(1, 0, &[]), Serves(1, 0, &[]), Serves(1, 0, &[])]),
    ("a moved file", moved_file, [Serves(2, 0, &[]), Serves(2, 0, &[]), Serves(2, 0, &[])]),
    ("swapped files", swapped, [Serves(0, 0, BOTH), Serves(0, 0, BOTH), Serves(0, 0, BOTH)]),
    ("another key", other_key, [Serves(2, 0, &[]), Serves(2, 0, &[]), Refused(NOBODY)]),
    ("a removed signature", removed_signature, [Serves(2, 0, &[]), Serves(2, 0, &[]), Refused("is not signed")]),
    ("a cut signature", cut_signature, [Serves(2, 0, &[]), Serves(2, 0, &[]), Refused("is not signed")]),
];

fn edited_file(sandbox: &Sandbox) {
    edit(sandbox, "capabilities/list_cakes.yaml", "/cakes", "/cakes/all");
}

fn edited_lock(sandbox: &Sandbox) {
    let lock = sandbox.read("capabilities/cap.lock");
    let line = lock.lines().find(|line| line.ends_with("list_cakes.yaml")).unwrap();
    let other = if line.starts_with('0') { "1" } else { "0" };
    sandbox.write("capabilities/cap.lock", &lock.replace(line, &format!("{other}{}", &line[1..])));
}

fn pinned_again(sandbox: &Sandbox) {
    edited_file(sandbox);
    sandbox.ok(&["pin"]);
}

fn removed_line(sandbox: &Sandbox) {
    let lock = sandbox.read("capabilities/cap.lock");
    let lines = lock.lines().filter(|line| !line.ends_with("list_cakes.yaml"));
    sandbox.write("capabilities/cap.lock", &lines.map(|line| format!("{line}\n")).collect::<String>());
}

fn removed_lock(sandbox: &Sandbox) {
    remove(sandbox, "capabilities/cap.lock");
}

fn reordered(sandbox: &Sandbox) {
    let lock = sandbox.read("capabilities/cap.lock");
    let lines: Vec<&str> = lock.lines().rev().collect();
    sandbox.write("capabilities/cap.lock", &(lines.join("\n") + "\n"));
}

fn added_file(sandbox: &Sandbox) {
    sandbox.write("capabilities/list_tarts.yaml", &tool("list_tarts", "/tarts"));
}

fn removed_file(sandbox: &Sandbox) {
    remove(sandbox, "capabilities/list_cakes.yaml");
}

fn moved_file(sandbox: &Sandbox) {
    sandbox.write("capabilities/elsewhere/cakes.yaml", &sandbox.read("capabilities/list_cakes.yaml"));
    removed_file(sandbox);
}

fn swapped(sandbox: &Sandbox) {
    let names = ["capabilities/list_cakes.yaml", "capabilities/list_pies.yaml"];
    let [cakes, pies] = names.map(|name| sandbox.read(name));
    sandbox.write(names[0], &pies);
    sandbox.write(names[1], &cakes);
}

fn other_key(sandbox: &Sandbox) {
    remove(sandbox, "capabilities/cap.lock.sig");
    sign(sandbox, "mallory");
}

fn removed_signature(sandbox: &Sandbox) {
    remove(sandbox, "capabilities/cap.lock.sig");
}

fn cut_signature(sandbox: &Sandbox) {
    let text = sandbox.read("capabilities/cap.lock.sig");
    sandbox.write("capabilities/cap.lock.sig", &text[..text.len() / 2]);
}

/// Each case under one way to serve: at the start, and while it runs.
async fn each(mode: Mode) {
    for (name, tamper, effects) in CASES {
        let effect = &effects[mode as usize];
        let what = format!("{name} under {mode:?}");
        let sandbox = signed();
        tamper(&sandbox);
        match effect {
            Refused(text) => {
                let (code, said) = refused(&sandbox, mode.flags());
                assert!(code == 3 && said.contains(text) && said.contains("help:"), "{what}: {code} {said}");
            }
            Serves(..) => expect(&Served::start(&sandbox, mode.flags()), effect, &what).await,
        }
        let sandbox = signed();
        let served = Served::start(&sandbox, mode.flags());
        expect(&served, &Serves(2, 0, &[]), &what).await;
        tamper(&sandbox);
        expect(&served, effect, &format!("{what}, while it runs")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default() {
    each(Mode::Default).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locked() {
    each(Mode::Locked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signature_required() {
    each(Mode::Signed).await;
}

/// What `cap verify` finds is what a gateway that requires signatures finds, and more: it wants every file to be
/// what was signed.
#[test]
fn verify_finds_every_case() {
    for (name, tamper, _) in CASES {
        let sandbox = signed();
        sandbox.ok(&["verify", "--signers", "allowed_signers"]);
        tamper(&sandbox);
        let run = sandbox.run(&["verify", "--signers", "allowed_signers"]);
        assert!(run.code == 3 && run.stderr.contains("help:"), "{name}: {run:?}");
    }
}

/// What is signed again is served, without a restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_signature_is_taken_over_while_it_runs() {
    let sandbox = signed();
    let served = Served::start(&sandbox, Mode::Signed.flags());
    added_file(&sandbox);
    sandbox.ok(&["pin"]);
    expect(&served, &Refused(NOBODY), "pinned, not signed").await;
    sandbox.ok(&["sign", "--key", &Key::of("alice").write(&sandbox)]);
    expect(&served, &Serves(3, 0, &[]), "signed").await;
    assert!(served.health().await["problems"].as_array().unwrap().is_empty());
    let log = served.log().join("\n");
    assert!(log.contains("alice@example.com (SHA256:"), "{log}");
    assert!(log.contains("the tools of before are still served") && log.contains("mended"), "{log}");
}
