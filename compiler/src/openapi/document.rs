//! Text to document: JSON or YAML, of a version that is read, with all its files.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::library::{self, Library};
use super::moves::Moves;
use super::overlay::{self, Overlay};
use super::{Address, Anchors, Report, Spot, Version, swagger, tree, version};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, SourceLoader};
use crate::syntax;

/// An OpenAPI document as a tree, and the files that it refers to.
#[derive(Clone, Debug)]
pub struct Document {
    source: SourceId,
    root: Value,
    version: Version,
    digest: String,
    library: Library,
    anchors: Anchors,
    moves: Moves,
}

/// What a document says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Its title.
    pub title: Option<String>,
    /// What the API is about, as written.
    pub description: Option<String>,
    /// The version of the API.
    pub version: Option<String>,
}

impl Document {
    /// Reads a document as its overlays leave it, and through `loader` the files that it refers to.
    ///
    /// # Errors
    /// When the text is no tree, an overlay cannot be applied to it, or the tree is not an OpenAPI
    /// document of a version that is read.
    pub fn read(
        source: &SourceId,
        bytes: &[u8],
        overlays: &[Overlay],
        loader: &dyn SourceLoader,
        report: &Report,
    ) -> Result<Self, Box<Diagnostic>> {
        let text = syntax::decode(source, bytes)?;
        let mut root = tree::read_text(source, text, report)?;
        overlay::apply(overlays, &mut root, report)?;
        let version = version::detect(source, &root, report)?;
        let library = match library::may_refer(text) || !overlays.is_empty() {
            true => library::load(source, &root, loader, report),
            false => Library::default(),
        };
        let digest = library.digest(source, &tree::hex(&Sha256::digest(bytes)));
        let anchors = anchors(source, text, &root, &library);
        let moves = Moves::default();
        let document = Self { source: source.clone(), root, version, digest, library, anchors, moves };
        Ok(if version == Version::V2_0 { document.upgraded(report) } else { document })
    }

    /// Swagger 2.0 in the shape of OpenAPI 3.
    fn upgraded(mut self, report: &Report) -> Self {
        let mut moves = Moves::default();
        let members = swagger::upgrade(&self, &mut moves, report);
        swagger::put(&self.source, &mut self.root, members, &mut moves);
        self.moves = moves;
        self
    }

    /// The file it was read from.
    #[must_use]
    pub fn source(&self) -> &SourceId {
        &self.source
    }

    /// The tree.
    #[must_use]
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The tree of one of its files.
    #[must_use]
    pub fn tree(&self, source: &SourceId) -> Option<&Value> {
        if *source == self.source { Some(&self.root) } else { self.library.tree(source) }
    }

    /// Why a file that something refers to was not read.
    pub(super) fn fault_of(&self, source: &SourceId) -> Option<String> {
        self.library.fault(source).map(str::to_owned)
    }

    /// The files beside the first one.
    pub(super) fn other_sources(&self) -> impl Iterator<Item = &SourceId> {
        self.library.sources()
    }

    pub(super) fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    pub(super) fn moves(&self) -> &Moves {
        &self.moves
    }

    /// Puts a diagnostic where its subject stands in the text, if reading the document moved it.
    #[must_use]
    pub fn placed(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let labels = std::iter::once(&mut diagnostic.primary).chain(&mut diagnostic.secondary);
        for label in labels.filter(|label| label.place.source == self.source) {
            self.moves.undo(&mut label.place);
        }
        diagnostic
    }

    /// The version it is written in.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// `sha256:` and the digest of its bytes, those of its other files included.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The whole document.
    #[must_use]
    pub fn spot(&self) -> Spot<'_> {
        Spot { value: &self.root, address: Address::root(&self.source) }
    }

    /// The components of one kind, such as `schemas`.
    #[must_use]
    pub fn components(&self, kind: &str) -> Option<Spot<'_>> {
        let silent = Report::default();
        let components = self.member(&self.spot(), "components", &silent)?;
        self.member(&components, kind, &silent)
    }

    /// What it says about itself.
    #[must_use]
    pub fn info(&self) -> Info {
        let member = |key: &str| match self.root.get("info")?.get(key)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        Info { title: member("title"), description: member("description"), version: member("version") }
    }
}

/// The names that schemas give themselves, looked for only where the text has any.
fn anchors(source: &SourceId, text: &str, root: &Value, library: &Library) -> Anchors {
    let mut anchors = Anchors::default();
    if ["$id", "$anchor", "$dynamicAnchor", "$self"].iter().any(|word| text.contains(word)) {
        anchors.collect(source, root);
    }
    library.collect_anchors(&mut anchors);
    anchors
}

/// `sha256:` and the digest of some bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", tree::hex(&Sha256::digest(bytes)))
}
