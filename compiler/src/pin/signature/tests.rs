//! Who signed is told from the bytes alone, and whatever stands in the files, nothing panics and nothing is
//! trusted that no line names.

use proptest::prelude::*;
use ssh_key::private::{Ed25519Keypair, PrivateKey};

use super::time::Written;
use super::{AllowedSigners, Reason, SignatureFile, SigningKey, UnixTime, judge, pattern};
use crate::source::SourceId;

const LOCK: &[u8] = b"# a lock\n0000000000000000000000000000000000000000000000000000000000000000  a.yaml\n";
const NOW: UnixTime = UnixTime(1_800_000_000);

fn key(seed: u8) -> SigningKey {
    SigningKey(PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32])))
}

fn public(seed: u8) -> String {
    key(seed).0.public_key().to_openssh().unwrap()
}

fn source() -> SourceId {
    SourceId::new("allowed_signers")
}

fn allowed(text: &str) -> AllowedSigners {
    let outcome = AllowedSigners::parse(&source(), text.as_bytes());
    outcome.value.unwrap_or_else(|| panic!("{:?}", outcome.diagnostics))
}

fn signed(seeds: &[u8]) -> SignatureFile {
    let text: String = seeds.iter().map(|seed| key(*seed).sign(LOCK).unwrap()).collect();
    let outcome = SignatureFile::parse(&source(), text.as_bytes());
    assert!(outcome.diagnostics.is_empty());
    outcome.value.unwrap()
}

fn reason(line: &str) -> Option<Reason> {
    let judgement = judge(LOCK, &signed(&[1]), &allowed(&line.replace("KEY", &public(1))), NOW);
    judgement.uncounted.first().map(|it| it.reason.clone())
}

#[test]
fn a_line_lets_its_key_sign_what_and_when_it_says() {
    assert_eq!(reason("a@example.com KEY"), None);
    assert_eq!(reason("a@example.com namespaces=\"git,cap.*\" KEY a comment"), None);
    assert_eq!(reason("\"a@example.com\" valid-after=\"20270101Z\",valid-before=\"20280101000000Z\" KEY"), None);
    assert_eq!(reason("a namespaces=\"git\" KEY"), Some(Reason::NotForLocks));
    assert_eq!(reason("a namespaces=\"*,!cap.lock\" KEY"), Some(Reason::NotForLocks));
    assert_eq!(reason("a valid-after=\"20270116Z\" KEY"), Some(Reason::NotYet("20270116Z".to_owned())));
    assert_eq!(reason("a VALID-BEFORE=\"202701150759Z\" KEY"), Some(Reason::Expired("202701150759Z".to_owned())));
    assert_eq!(reason(&format!("a {}", public(2))), Some(Reason::Unknown));
}

#[test]
fn two_lines_of_a_rotated_key_each_hold_in_their_time() {
    let lines = format!("a valid-before=\"20270115Z\" {}\na valid-after=\"20270101Z\" {}\n", public(1), public(2));
    let judgement = judge(LOCK, &signed(&[1, 2]), &allowed(&lines), NOW);
    assert_eq!(judgement.signers(), 1);
    assert_eq!(judgement.uncounted.len(), 1, "{judgement:?}");
}

#[test]
fn a_signature_over_other_bytes_or_by_another_key_counts_for_nothing() {
    let lines = allowed(&format!("a {}", public(1)));
    let over_other = judge(b"other bytes", &signed(&[1]), &lines, NOW);
    assert_eq!(over_other.uncounted.first().map(|it| &it.reason), Some(&Reason::OtherBytes));
    // The block says that it is of the allowed key, and is signed by another one.
    let mut forged = signed(&[2]);
    let mine = signed(&[1]);
    let signature = &mut forged.blocks.first_mut().unwrap().signature;
    let of = mine.blocks.first().unwrap().signature.public_key().clone();
    *signature = ssh_key::SshSig::new(of, "cap.lock", signature.hash_alg(), signature.signature().clone()).unwrap();
    let judgement = judge(LOCK, &forged, &lines, NOW);
    assert_eq!((judgement.signers(), judgement.uncounted.len()), (0, 1));
    let commit = key(1).0.sign("git", ssh_key::HashAlg::Sha512, LOCK).unwrap().to_string();
    let commit = SignatureFile::parse(&source(), commit.as_bytes()).value.unwrap();
    let judgement = judge(LOCK, &commit, &lines, NOW);
    assert_eq!(judgement.uncounted.first().map(|it| &it.reason), Some(&Reason::Namespace("git".to_owned())));
}

fn raw(key: &impl ssh_key::SigningKey, message: &[u8]) -> ssh_key::Signature {
    key.try_sign(message).unwrap()
}

/// What a security key signs: the digest of its application, that it was touched, a count, the digest of the message.
#[test]
fn a_signature_of_a_security_key_counts() {
    use sha2::{Digest as _, Sha256};
    use ssh_key::public::{KeyData, SkEd25519};
    use ssh_key::{Algorithm, HashAlg, Signature, SshSig};

    let pair = Ed25519Keypair::from_seed(&[3; 32]);
    let key = KeyData::from(SkEd25519::new(pair.public, "ssh:"));
    let message = SshSig::signed_data("cap.lock", HashAlg::Sha512, LOCK).unwrap();
    let touched = [1, 0, 0, 0, 9];
    let signed = [&Sha256::digest(b"ssh:")[..], &touched, &Sha256::digest(&message)[..]].concat();
    let inner = raw(&PrivateKey::from(pair), &signed);
    let inner = Signature::new(Algorithm::SkEd25519, [inner.as_bytes(), &touched].concat()).unwrap();
    let text = SshSig::new(key.clone(), "cap.lock", HashAlg::Sha512, inner).unwrap().to_string();
    let file = SignatureFile::parse(&source(), text.as_bytes()).value.unwrap();
    let line = format!("a {}", ssh_key::PublicKey::from(key).to_openssh().unwrap());
    assert_eq!(judge(LOCK, &file, &allowed(&line), NOW).signers(), 1);
    assert_eq!(judge(b"other bytes", &file, &allowed(&line), NOW).signers(), 0);
}

#[test]
fn keys_that_one_person_may_have_count_once() {
    let count = |lines: &[(&str, u8)], seeds: &[u8]| {
        let text: String = lines.iter().map(|(who, seed)| format!("{who} {}\n", public(*seed))).collect();
        judge(LOCK, &signed(seeds), &allowed(&text), NOW).signers()
    };
    assert_eq!(count(&[("a", 1), ("b", 2)], &[1, 2]), 2);
    assert_eq!(count(&[("a", 1), ("b", 2)], &[1, 1]), 1, "one key twice");
    assert_eq!(count(&[("a", 1), ("A", 2)], &[1, 2]), 1, "one name twice");
    assert_eq!(count(&[("a", 1), ("b", 1)], &[1]), 1, "one key of two names");
    assert_eq!(count(&[("a,b", 1), ("b,c", 2), ("c", 3)], &[1, 2, 3]), 1, "a chain of names");
    assert_eq!(count(&[("a", 1), ("c", 3), ("a,c", 2)], &[1, 3, 2]), 1, "a chain that closes late");
    assert_eq!(count(&[("a", 1), ("*@example.com", 2)], &[1, 2]), 1, "a pattern may be anybody");
}

#[test]
fn a_faulty_line_refuses_the_file_and_says_where() {
    let good = format!("a {}\n", public(1));
    for (line, at) in [
        ("a cert-authority KEY", "cert-authority"),
        ("a no-such KEY", "no-such"),
        ("a valid-after=\"20270101\" KEY", "valid-after=\"20270101\""),
        ("a valid-before=\"20270231Z\" KEY", "valid-before=\"20270231Z\""),
        ("a valid-before=20270201Z KEY", "valid-before=20270201Z"),
        ("a namespaces=\"\" KEY", "namespaces=\"\""),
        ("a namespaces=\"a\",namespaces=\"b\" KEY", "namespaces=\"b\""),
        ("\"a KEY", "\""),
        ("a ssh-ed25519 AAAA", "AAAA"),
        ("alone", "alone"),
    ] {
        let text = format!("{good}{}\n", line.replace("KEY", &public(2)));
        let outcome = AllowedSigners::parse(&source(), text.as_bytes());
        assert!(outcome.value.is_none(), "{line} is trusted");
        let crate::diagnostic::Part::Bytes(place) = &outcome.diagnostics.first().unwrap().primary.place.part else {
            panic!("{line} has no place");
        };
        assert_eq!(text.get(place.clone()), Some(at), "{line}");
    }
    let outcome = AllowedSigners::parse(&source(), b"# nobody\n");
    assert!(outcome.value.is_none() && outcome.diagnostics.len() == 1);
}

#[test]
fn a_key_of_another_type_is_passed_over_with_a_word() {
    let text = format!("a {}\nb ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==\n", public(1));
    let outcome = AllowedSigners::parse(&source(), text.as_bytes());
    assert!(outcome.value.is_some());
    assert_eq!(outcome.diagnostics.len(), 1);
}

#[test]
fn times_are_those_of_the_calendar() {
    let at = |text: &str| Written::parse(text).map(|written| written.at.0);
    assert_eq!(at("19700101Z"), Some(0));
    assert_eq!(at("20000301Z"), Some(951_868_800));
    assert_eq!(at("20240229235959Z"), Some(1_709_251_199));
    assert_eq!(at("203801190314Z"), Some(2_147_483_640));
    assert_eq!(at("21000229Z"), None);
    for wrong in
        ["20270101", "2027Z", "20270001Z", "20271301Z", "20270100Z", "2027010124Z", "202701012460Z", "1é270101Z"]
    {
        assert_eq!(at(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn random_bytes_are_never_trusted(bytes in proptest::collection::vec(any::<u8>(), 0..2000), seed in 1_u8..9) {
        let file = SignatureFile::parse(&source(), &bytes).value.unwrap();
        let lines = allowed(&format!("a {}", public(seed)));
        prop_assert_eq!(judge(LOCK, &file, &lines, NOW).signers(), 0);
        _ = AllowedSigners::parse(&source(), &bytes);
        prop_assert!(SigningKey::parse(&bytes).is_err());
    }

    #[test]
    fn a_changed_byte_of_a_signature_never_makes_another_signer(at in 0_usize..400, byte in any::<u8>()) {
        let mut text = signed(&[1]).render().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let file = SignatureFile::parse(&source(), &text).value.unwrap();
        let lines = allowed(&format!("a {}\nb {}", public(1), public(2)));
        let judgement = judge(LOCK, &file, &lines, NOW);
        prop_assert!(judgement.signed.iter().all(|(_, who)| who.contains("a")));
    }

    #[test]
    fn lines_made_of_likely_parts_never_panic(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("a@example.com".to_owned()), Just(" ".to_owned()), Just("\"".to_owned()), Just("=".to_owned()),
                Just(",".to_owned()), Just("\\".to_owned()), Just("valid-after=\"20270101Z\"".to_owned()),
                Just("namespaces=\"cap.lock\"".to_owned()), Just("ssh-ed25519 ".to_owned()), Just("AAAA".to_owned()),
                Just("é\u{2003}".to_owned()), Just("\n".to_owned()), Just("cert-authority".to_owned()),
                Just(public(1)),
            ],
            0..30,
        )
    ) {
        let text = parts.concat();
        let outcome = AllowedSigners::parse(&source(), text.as_bytes());
        for diagnostic in &outcome.diagnostics {
            if let crate::diagnostic::Part::Bytes(place) = &diagnostic.primary.place.part {
                prop_assert!(text.get(place.clone()).is_some(), "{diagnostic:?}");
            }
        }
    }

    #[test]
    fn patterns_mean_what_a_search_of_all_ways_finds(pattern in "[ab*?]{0,6}", name in "[ab]{0,6}") {
        let list = [pattern.clone()];
        prop_assert_eq!(pattern::list_matches(&list, &name), slow(pattern.as_bytes(), name.as_bytes()));
    }
}

fn slow(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => slow(rest, name),
        (Some((b'*', rest)), Some((_, left))) => slow(rest, name) || slow(pattern, left),
        (Some((c, rest)), Some((d, left))) => (*c == b'?' || c == d) && slow(rest, left),
        (Some(_), None) | (None, Some(_)) => false,
    }
}
