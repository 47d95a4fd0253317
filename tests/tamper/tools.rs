//! The tools that everybody has: OpenSSH accepts what `cap sign` made, `cap verify` accepts what OpenSSH made, and
//! `sha256sum` reads the lock file.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::keys::{Key, has};
use crate::scene::signed;
use crate::support::{Run, Sandbox};

/// Runs a tool in the capabilities folder, with a file as its input.
fn run(sandbox: &Sandbox, tool: &str, args: &[&str], input: &str) -> Run {
    let folder = sandbox.path().join("capabilities");
    let stdin = File::open(folder.join(input)).unwrap();
    let mut command = Command::new(tool);
    command.args(args).current_dir(folder).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    Run::of(command.output().unwrap())
}

const VERIFY: [&str; 9] =
    ["-Y", "verify", "-f", "../allowed_signers", "-I", "alice@example.com", "-n", "cap.lock", "-s"];

#[test]
fn openssh_accepts_what_was_signed_here() {
    if !has("ssh-keygen", "openssh_accepts_what_was_signed_here") {
        return;
    }
    let sandbox = signed();
    let verify = [&VERIFY[..], &["cap.lock.sig"]].concat();
    let verified = run(&sandbox, "ssh-keygen", &verify, "cap.lock");
    assert!(verified.code == 0 && verified.stdout.contains("Good \"cap.lock\" signature"), "{verified:?}");
    let checked =
        run(&sandbox, "ssh-keygen", &["-Y", "check-novalidate", "-n", "cap.lock", "-s", "cap.lock.sig"], "cap.lock");
    assert_eq!(checked.code, 0, "{checked:?}");
    // Of several signatures it reads the first.
    sandbox.ok(&["sign", "--key", &Key::of("bob").write(&sandbox)]);
    assert_eq!(run(&sandbox, "ssh-keygen", &verify, "cap.lock").code, 0);
    let other = run(&sandbox, "ssh-keygen", &verify, "list_pies.yaml");
    assert_ne!(other.code, 0, "other bytes are refused");
}

#[test]
fn what_openssh_signed_is_accepted_here() {
    if !has("ssh-keygen", "what_openssh_signed_is_accepted_here") {
        return;
    }
    let sandbox = signed();
    std::fs::remove_file(sandbox.path().join("capabilities/cap.lock.sig")).unwrap();
    let make = |hash: &str| {
        _ = std::fs::remove_file(sandbox.path().join("capabilities/cap.lock.sig"));
        let hash = format!("hashalg={hash}");
        let args = ["-Y", "sign", "-n", "cap.lock", "-f", "../keys/alice", "-O", &hash, "cap.lock"];
        assert!(fix_mode(&sandbox));
        let made = run(&sandbox, "ssh-keygen", &args, "cap.lock");
        assert_eq!(made.code, 0, "{made:?}");
    };
    for hash in ["sha512", "sha256"] {
        make(hash);
        sandbox.ok(&["verify", "--signers", "allowed_signers"]);
    }
    // A signature of the same key for something else is none over a lock file.
    _ = std::fs::remove_file(sandbox.path().join("capabilities/cap.lock.sig"));
    run(&sandbox, "ssh-keygen", &["-Y", "sign", "-n", "git", "-f", "../keys/alice", "cap.lock"], "cap.lock");
    let run = sandbox.run(&["verify", "--signers", "allowed_signers"]);
    assert!(run.code == 3 && run.stderr.contains("it was made for `git`"), "{run:?}");
}

/// OpenSSH uses no private key that others can read.
fn fix_mode(sandbox: &Sandbox) -> bool {
    Command::new("chmod").args(["600", "keys/alice"]).current_dir(sandbox.path()).status().unwrap().success()
}

/// A key with a passphrase, as `ssh-keygen` writes it; the passphrase comes from the environment, or a file it names.
#[test]
fn an_encrypted_key_is_opened_with_its_passphrase() {
    if !has("ssh-keygen", "an_encrypted_key_is_opened_with_its_passphrase") {
        return;
    }
    let sandbox = signed();
    let passphrase = "a-passphrase-5b1d0c77";
    sandbox.write("keys/passphrase", passphrase);
    let args = ["-q", "-t", "ed25519", "-a", "1", "-N", passphrase, "-f", "../keys/locked"];
    assert_eq!(run(&sandbox, "ssh-keygen", &args, "cap.lock").code, 0);
    let sign = ["sign", "--key", "keys/locked"];
    let nobody = sandbox.run(&sign);
    assert!(nobody.code == 5 && nobody.stderr.contains("CAP_KEY_PASSPHRASE"), "{nobody:?}");
    let wrong = Run::of(sandbox.command(&sign).env("CAP_KEY_PASSPHRASE", "another-e1f8").output().unwrap());
    assert!(wrong.code == 5 && wrong.stderr.contains("the passphrase does not open it"), "{wrong:?}");
    for (name, value) in [("CAP_KEY_PASSPHRASE", passphrase), ("CAP_KEY_PASSPHRASE_FILE", "keys/passphrase")] {
        let good = Run::of(sandbox.command(&sign).env(name, value).output().unwrap());
        assert_eq!(good.code, 0, "{good:?}");
        assert!(!good.stderr.contains(passphrase) && !good.stdout.contains(passphrase));
    }
    let public = sandbox.read("keys/locked.pub");
    sandbox.write("allowed_signers", &format!("carol@example.com {public}"));
    sandbox.ok(&["verify", "--signers", "allowed_signers"]);
}

#[test]
fn keys_of_other_kinds_do_not_sign() {
    if !has("ssh-keygen", "keys_of_other_kinds_do_not_sign") {
        return;
    }
    let sandbox = signed();
    for kind in ["rsa", "ecdsa"] {
        let path = format!("../keys/{kind}");
        assert_eq!(run(&sandbox, "ssh-keygen", &["-q", "-t", kind, "-N", "", "-f", &path], "cap.lock").code, 0);
        let run = sandbox.run(&["sign", "--key", &format!("keys/{kind}")]);
        assert!(run.code == 5 && run.stderr.contains("ed25519"), "{kind}: {run:?}");
    }
}

#[test]
fn sha256sum_reads_the_lock_file() {
    if !has("sha256sum", "sha256sum_reads_the_lock_file") {
        return;
    }
    let sandbox = signed();
    assert_eq!(run(&sandbox, "sha256sum", &["-c", "cap.lock"], "cap.lock").code, 0);
    crate::scene::edit(&sandbox, "capabilities/list_pies.yaml", "/pies", "/pies/all");
    assert_ne!(run(&sandbox, "sha256sum", &["-c", "cap.lock"], "cap.lock").code, 0);
}
