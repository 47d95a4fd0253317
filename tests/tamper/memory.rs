//! An old lock file with its old files and its good signature, put back: who served what came after knows it.

use std::fs;

use crate::scene::Effect::{Refused, Served as Serves};
use crate::scene::{Mode, added_and_signed, expect, put_back, refused, signed, state};
use crate::served::Served;
use crate::support::Sandbox;

const REPLACED: &str = "was replaced by a newer one";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_replaced_is_not_served_again() {
    let sandbox = signed();
    let old = state(&sandbox);
    let served = Served::start(&sandbox, Mode::Signed.flags());
    expect(&served, &Serves(2, 0, &[]), "the old state").await;
    added_and_signed(&sandbox);
    expect(&served, &Serves(3, 0, &[]), "the new state").await;
    put_back(&sandbox, &old);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !served.health().await["problems"].to_string().contains(REPLACED) {
        assert!(std::time::Instant::now() < end, "{:?}", served.health().await);
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    assert_eq!(served.health().await["tools"], 3, "the new state goes on being served");
    drop(served);
    // Another process knows it as well, and says what to do.
    let (code, said) = refused(&sandbox, Mode::Signed.flags());
    assert!(code == 3 && said.contains(REPLACED), "{said}");
    let flag = said.split("`--allow-rollback ").nth(1).unwrap().split('`').next().unwrap().to_owned();
    let flags = [Mode::Signed.flags(), &["--allow-rollback", &flag]].concat();
    let served = Served::start(&sandbox, &flags);
    expect(&served, &Serves(2, 0, &[]), "put back on purpose").await;
    drop(served);
    // Then it is what is served, and the one between is what was replaced.
    expect(&Served::start(&sandbox, Mode::Signed.flags()), &Serves(2, 0, &[]), "once allowed").await;
    added_and_signed(&sandbox);
    let (code, said) = refused(&sandbox, Mode::Signed.flags());
    assert!(code == 3 && said.contains(REPLACED), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_signatures_or_memory_an_old_state_is_served() {
    for mode in [Mode::Default, Mode::Locked, Mode::Signed] {
        let sandbox = signed();
        let old = state(&sandbox);
        expect(&Served::start(&sandbox, mode.flags()), &Serves(2, 0, &[]), "the old state").await;
        added_and_signed(&sandbox);
        expect(&Served::start(&sandbox, mode.flags()), &Serves(3, 0, &[]), "the new state").await;
        put_back(&sandbox, &old);
        if mode == Mode::Signed {
            assert_eq!(refused(&sandbox, mode.flags()).0, 3);
            fs::remove_dir_all(sandbox.path().join(".local/state")).unwrap();
        }
        // A fresh machine knows nothing of what was served elsewhere.
        expect(&Served::start(&sandbox, mode.flags()), &Serves(2, 0, &[]), "without memory").await;
    }
}

/// A start that fails has served nothing: what is served by another gateway goes on being the newest.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_taken_port_leaves_no_trace() {
    let sandbox = signed();
    let old = state(&sandbox);
    expect(&Served::start(&sandbox, Mode::Signed.flags()), &Serves(2, 0, &[]), "the old state").await;
    let memory = remembered(&sandbox);
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    added_and_signed(&sandbox);
    let run = sandbox.run(&[&["serve", "--listen", &address], Mode::Signed.flags()].concat());
    assert!(run.code == 5 && run.stderr.contains("cannot listen on"), "{run:?}");
    assert_eq!(remembered(&sandbox), memory);
    put_back(&sandbox, &old);
    expect(&Served::start(&sandbox, Mode::Signed.flags()), &Serves(2, 0, &[]), "the old state again").await;
    added_and_signed(&sandbox);
    expect(&Served::start(&sandbox, Mode::Signed.flags()), &Serves(3, 0, &[]), "the new state, on a free port").await;
    assert_ne!(remembered(&sandbox), memory);
}

/// What the state folder says of the one folder that is served.
fn remembered(sandbox: &Sandbox) -> String {
    let folder = sandbox.path().join(".local/state/cap/served");
    fs::read_to_string(fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path()).unwrap()
}

/// Who may sign can go back without a restart: a comment makes the lock file another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_signer_goes_back_with_a_new_lock_file() {
    let sandbox = signed();
    let old = state(&sandbox);
    let served = Served::start(&sandbox, Mode::Signed.flags());
    added_and_signed(&sandbox);
    expect(&served, &Serves(3, 0, &[]), "the new state").await;
    put_back(&sandbox, &old);
    sandbox.write("capabilities/cap.lock", &format!("# back to what was\n{}", sandbox.read("capabilities/cap.lock")));
    sandbox.ok(&["sign", "--key", "keys/alice"]);
    expect(&served, &Serves(2, 0, &[]), "back, and signed").await;
}

/// A damaged memory is told, not passed over; what a crash left of a line is.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_memory_is_told() {
    let sandbox = signed();
    expect(&Served::start(&sandbox, Mode::Signed.flags()), &Serves(2, 0, &[]), "to begin with").await;
    let folder = sandbox.path().join(".local/state/cap/served");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&file).unwrap();
    let name = file.strip_prefix(sandbox.path()).unwrap().to_string_lossy().into_owned();
    sandbox.write(&name, &format!("{text}no digest\n"));
    let (code, said) = refused(&sandbox, Mode::Signed.flags());
    assert!(code == 3 && said.contains("a line that is no digest"), "{said}");
    sandbox.write(&name, &format!("{text}0123abc"));
    let old = state(&sandbox);
    added_and_signed(&sandbox);
    expect(&Served::start(&sandbox, Mode::Signed.flags()), &Serves(3, 0, &[]), "after a torn line").await;
    put_back(&sandbox, &old);
    let (code, said) = refused(&sandbox, Mode::Signed.flags());
    assert!(code == 3 && said.contains(REPLACED), "{said}");
}

/// The signers are read again at each look: one who is taken away stops nothing that is served, and starts nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_signers_are_read_again() {
    let sandbox = signed();
    let served = Served::start(&sandbox, Mode::Signed.flags());
    sandbox.write("allowed_signers", "nobody\n");
    // Something happens in the folder, and so it is looked at.
    sandbox.write("capabilities/notes.yaml", "");
    expect(&served, &Refused("allowed_signers:1: the line names no signer"), "a faulty file").await;
    assert_eq!(refused(&sandbox, Mode::Signed.flags()).0, 1);
}

/// A signature says nothing of where its lock file stands: what was signed for another folder is as good here.
#[tokio::test(flavor = "multi_thread")]
async fn the_signed_state_of_another_folder_is_served() {
    let (sandbox, other) = (signed(), signed());
    added_and_signed(&other);
    let served = Served::start(&sandbox, Mode::Signed.flags());
    put_back(&sandbox, &state(&other));
    expect(&served, &Serves(3, 0, &[]), "the state of another folder").await;
}

/// Bytes that are no text, in each of the files: refused with a message, and nothing ends in a panic.
#[test]
fn bytes_that_are_no_text_are_refused() {
    use std::io::Write;
    let bytes: Vec<u8> = (0..20_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (path, code) in [("allowed_signers", 1), ("capabilities/cap.lock.sig", 3), ("capabilities/cap.lock", 3)] {
        let sandbox = signed();
        fs::File::create(sandbox.path().join(path)).unwrap().write_all(&bytes).unwrap();
        let (found, said) = refused(&sandbox, Mode::Signed.flags());
        assert!(found == code && !said.contains("internal error"), "{path}: {found} {said}");
        let run = sandbox.run(&["verify", "--signers", "allowed_signers"]);
        assert!(run.code == code && !run.stderr.contains("internal error"), "{path}: {run:?}");
    }
}
