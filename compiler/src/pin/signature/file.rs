//! `cap.lock.sig`: signatures, one armoured block after the other.

use std::ops::Range;

use ssh_key::SshSig;

use super::NAMESPACE;
use super::key::fingerprint;
use crate::diagnostic::{Code, Diagnostic, Outcome, Place};
use crate::source::SourceId;

/// The signatures over one lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureFile {
    /// In the order of the file.
    pub blocks: Vec<Block>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its text, from the first line to the last.
    pub text: String,
    pub(super) signature: SshSig,
}

impl SignatureFile {
    /// Reads the blocks. What is none is reported and counts for nothing.
    #[must_use]
    pub fn parse(source: &SourceId, bytes: &[u8]) -> Outcome<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (mut blocks, mut diagnostics) = (Vec::new(), Vec::new());
        // Places are those of the bytes: in what is not UTF-8, they would be others.
        let place = |at: Range<usize>| match text {
            std::borrow::Cow::Borrowed(_) => Place::bytes(source, at),
            std::borrow::Cow::Owned(_) => Place::file(source),
        };
        let fault = |at: Range<usize>, message: &str| {
            Diagnostic::new(Code::SIGNATURE_BLOCK, message, place(at))
                .help("run `cap sign`, which drops what is no signature")
        };
        for piece in pieces(&text) {
            match piece {
                Piece::Stray(at) => diagnostics.push(fault(at, "this is no part of a signature")),
                Piece::Block(at) if blocks.len() == MOST => {
                    diagnostics.push(fault(at, "there are more signatures than are read"));
                    break;
                }
                Piece::Block(at) => match SshSig::from_pem(text.get(at.clone()).unwrap_or_default().trim_end()) {
                    Ok(signature) => {
                        blocks.push(Block { text: text.get(at).unwrap_or_default().to_owned(), signature });
                    }
                    Err(_) => {
                        let first = at.start..at.start + BEGIN.len();
                        diagnostics.push(fault(first, "the signature cannot be read"));
                    }
                },
            }
        }
        Outcome { value: Some(Self { blocks }), diagnostics }
    }

    /// The file's text.
    #[must_use]
    pub fn render(&self) -> String {
        self.blocks.iter().map(|block| format!("{}\n", block.text.trim_end())).collect()
    }
}

impl Block {
    /// Reads one block.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let signature = SshSig::from_pem(text.trim_end()).ok()?;
        Some(Self { text: text.to_owned(), signature })
    }

    /// The digest of the key that it says it was made with, as `ssh-keygen -l` shows it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(self.signature.public_key())
    }

    /// Whether its key made it over these bytes of a lock file. It does not say whose key that is.
    #[must_use]
    pub fn is_over(&self, lock: &[u8]) -> bool {
        let key = ssh_key::PublicKey::from(self.signature.public_key().clone());
        key.verify(NAMESPACE, lock, &self.signature).is_ok()
    }
}

/// A part of the file, in bytes.
enum Piece {
    Block(Range<usize>),
    Stray(Range<usize>),
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut offset, mut begun) = (0, None);
    for line in text.split_inclusive('\n') {
        let (start, end) = (offset, offset + line.len());
        offset = end;
        match (line.trim_end(), begun) {
            (BEGIN, None) => begun = Some(start),
            (BEGIN, Some(before)) => {
                pieces.push(Piece::Stray(before..before + BEGIN.len()));
                begun = Some(start);
            }
            (END, Some(from)) => {
                pieces.push(Piece::Block(from..end));
                begun = None;
            }
            ("", None) | (_, Some(_)) => {}
            (stray, None) => pieces.push(Piece::Stray(start..start + stray.len())),
        }
    }
    pieces.extend(begun.map(|from| Piece::Stray(from..from + BEGIN.len())));
    pieces
}

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// How many signatures are looked at: each one costs a digest of the whole lock file.
const MOST: usize = 32;
