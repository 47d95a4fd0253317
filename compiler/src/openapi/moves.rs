//! What became of places when a document was brought to one shape.
//!
//! Diagnostics speak of the text that a person wrote. Whoever rewrites a tree notes here where each
//! part came from, and places are led back before they are shown.

use std::collections::BTreeMap;

use super::Address;
use crate::diagnostic::Place;
use crate::syntax::Pointer;

/// Places in the new tree, and where their content stood before.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    origins: BTreeMap<Pointer, Address>,
    renamed: Vec<(Pointer, Pointer)>,
}

impl Moves {
    /// What stands at `new` stood at `old`, and all that is below it likewise.
    pub(super) fn note(&mut self, new: Pointer, old: Address) {
        self.origins.insert(new, old);
    }

    /// References to `old` mean `new`.
    pub(super) fn rename(&mut self, old: Pointer, new: Pointer) {
        self.renamed.push((old, new));
    }

    /// Where a reference to `pointer` leads now.
    pub(super) fn renamed(&self, pointer: &Pointer) -> Option<Pointer> {
        self.renamed.iter().find_map(|(old, new)| replaced(pointer, old, new))
    }

    /// Leads a place back to the text.
    pub(super) fn undo(&self, place: &mut Place) {
        let mut front = Some(place.pointer.clone());
        while let Some(pointer) = front {
            if let Some(old) = self.origins.get(&pointer) {
                if let Some(original) = replaced(&place.pointer, &pointer, &old.pointer) {
                    place.pointer = original;
                    place.source = old.source.clone();
                }
                return;
            }
            front = pointer.parent();
        }
    }
}

/// `pointer` with its front part `old` replaced by `new`.
fn replaced(pointer: &Pointer, old: &Pointer, new: &Pointer) -> Option<Pointer> {
    let rest = pointer.tokens().strip_prefix(old.tokens())?;
    Some(rest.iter().fold(new.clone(), |pointer, token| pointer.child(token.as_str())))
}
