//! Several signers, keys that follow one another, and what `cap sign` makes of the signatures that are there.

use crate::keys::Key;
use crate::scene::Effect::Served as Serves;
use crate::scene::{Mode, edit, expect, refused, sign, signed};
use crate::served::Served;
use crate::support::Sandbox;

fn blocks(sandbox: &Sandbox) -> usize {
    sandbox.read("capabilities/cap.lock.sig").matches("-----BEGIN SSH SIGNATURE-----").count()
}

fn add_signature(sandbox: &Sandbox, name: &str) -> String {
    sandbox.ok(&["sign", "--key", &Key::of(name).write(sandbox)]).stderr
}

#[tokio::test(flavor = "multi_thread")]
async fn two_different_signers_are_two() {
    let sandbox = signed();
    let flags = [Mode::Signed.flags(), &["--signatures", "2"]].concat();
    let [alice, bob] = ["alice", "bob"].map(|name| Key::of(name).line("namespaces=\"cap.lock\""));
    sandbox.write("allowed_signers", &format!("{alice}{bob}"));
    let (code, said) = refused(&sandbox, &flags);
    assert!(code == 3 && said.contains("signed by 1 of the 2 signers"), "{said}");
    add_signature(&sandbox, "bob");
    assert_eq!(blocks(&sandbox), 2);
    expect(&Served::start(&sandbox, &flags), &Serves(2, 0, &[]), "two signers").await;
    // The same in the settings, where `cap verify` finds it as well.
    sandbox.write("cap.yaml", "require_signature: allowed_signers\nsignatures: 2\n");
    expect(&Served::start(&sandbox, &[]), &Serves(2, 0, &[]), "as the settings say").await;
    let said = sandbox.ok(&["verify"]).stderr;
    assert!(said.contains("alice@example.com (SHA256:") && said.contains("bob@example.com (SHA256:"), "{said}");
    // Two keys of one person are one signer.
    sandbox.write("allowed_signers", &format!("{alice}{}", bob.replace("bob@", "alice@")));
    assert_eq!(refused(&sandbox, &[]).0, 3);
    assert_eq!(sandbox.run(&["verify"]).code, 3);
}

#[test]
fn a_key_that_follows_another_is_added_and_the_old_one_ends() {
    let sandbox = signed();
    let lines = |until: &str, from: &str| {
        let old = Key::of("alice").line(&format!("valid-before=\"{until}\""));
        let new = Key::of("anew").line(&format!("valid-after=\"{from}\"")).replace("anew@", "alice@");
        format!("{old}{new}")
    };
    sandbox.write("allowed_signers", &lines("20980101Z", "20200101Z"));
    sandbox.ok(&["verify", "--signers", "allowed_signers"]);
    add_signature(&sandbox, "anew");
    assert_eq!(blocks(&sandbox), 2, "the old signature stays while it is good");
    // The old key has ended: the new signature is enough.
    sandbox.write("allowed_signers", &lines("20200601Z", "20200101Z"));
    sandbox.ok(&["verify", "--signers", "allowed_signers"]);
    // Neither holds now.
    sandbox.write("allowed_signers", &lines("20200601Z", "20980101Z"));
    let run = sandbox.run(&["verify", "--signers", "allowed_signers"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("valid until 20200601Z") && run.stderr.contains("valid from 20980101Z"), "{run:?}");
    assert_eq!(sandbox.run(&["verify", "--signers", "allowed_signers", "--source", "x"]).code, 2);
}

#[test]
fn signing_replaces_ones_own_signature_and_drops_what_fits_no_more() {
    let sandbox = signed();
    add_signature(&sandbox, "bob");
    add_signature(&sandbox, "alice");
    assert_eq!(blocks(&sandbox), 2, "a second one of the same key takes the place of the first");
    edit(&sandbox, "capabilities/list_pies.yaml", "/pies", "/pies/all");
    let run = sandbox.run(&["sign", "--key", &Key::of("alice").write(&sandbox)]);
    assert!(run.code == 3 && run.stderr.contains("nothing was signed"), "what was not pinned is not signed: {run:?}");
    assert_eq!(blocks(&sandbox), 2);
    let said = sandbox.ok(&["pin"]).stderr;
    assert!(said.contains("sign it again with `cap sign`"), "{said}");
    let said = add_signature(&sandbox, "alice");
    assert!(said.contains("Dropped the signature of SHA256:"), "{said}");
    assert_eq!(blocks(&sandbox), 1);
    sandbox.write("capabilities/cap.lock.sig", "<<<<<<< ours\n");
    let said = add_signature(&sandbox, "alice");
    assert!(said.contains("[CAP0322]"), "{said}");
    sandbox.ok(&["verify", "--signers", "allowed_signers"]);
}

#[test]
fn what_cannot_sign_says_why() {
    let sandbox = signed();
    let sign_with = |path: &str| sandbox.run(&["sign", "--key", path]);
    sandbox.write("keys/public", &Key::of("alice").public());
    sandbox.write("keys/none", "no key\n");
    for (path, says) in
        [("keys/public", "public key"), ("keys/none", "no OpenSSH private key"), ("keys/nowhere", "--key")]
    {
        let run = sign_with(path);
        assert!(run.code == 5 && run.stderr.contains(says), "{path}: {run:?}");
    }
    let usual = sandbox.run(&["sign"]);
    assert!(usual.code == 5 && usual.stderr.contains(".ssh/id_ed25519"), "{usual:?}");
    sandbox.write(".ssh/id_ed25519", &sandbox.read(&Key::of("alice").write(&sandbox)));
    sandbox.ok(&["sign"]);
    let empty = Sandbox::new();
    empty.write("capabilities/notes.txt", "");
    let run = empty.run(&["sign"]);
    assert!(run.code == 3 && run.stderr.contains("no `capabilities/cap.lock` to sign"), "{run:?}");
}

#[test]
fn every_folder_must_be_signed() {
    let sandbox = signed();
    sandbox.write("other/list_tarts.yaml", &crate::scene::tool("list_tarts", "/tarts"));
    let flags = ["--require-signature", "allowed_signers", "--capabilities", "capabilities", "--capabilities", "other"];
    let (code, said) = refused(&sandbox, &flags);
    assert!(code == 3 && said.contains("`other/cap.lock` does not exist"), "{said}");
    let key = Key::of("alice").write(&sandbox);
    sandbox.ok(&["pin", "--capabilities", "other"]);
    sandbox.ok(&["sign", "--key", &key, "--capabilities", "capabilities", "--capabilities", "other"]);
    sandbox.ok(&["verify", "--signers", "allowed_signers", "--capabilities", "other"]);
    sign(&sandbox, "alice");
}

#[test]
fn flags_without_a_rule_are_wrong_usage() {
    let sandbox = signed();
    let (code, said) = refused(&sandbox, &["--signatures", "2"]);
    assert!(code == 2 && said.contains("--require-signature"), "{said}");
    assert_eq!(sandbox.run(&["verify"]).code, 2);
    assert_eq!(refused(&sandbox, &["--require-signature", "nowhere"]).0, 5);
    sandbox.write("cap.yaml", "signatures: 2\n");
    assert_eq!(refused(&sandbox, &[]).0, 2);
    sandbox.write("cap.yaml", "");
    sandbox.write("capabilities/signers", &sandbox.read("allowed_signers"));
    let (code, said) = refused(&sandbox, &["--require-signature", "capabilities/signers"]);
    assert!(code == 2 && said.contains("are inside of `capabilities`"), "{said}");
}
