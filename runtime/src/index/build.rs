//! Building an index, from nothing or out of the one before: what did not change keeps its segment.
//!
//! Few large segments are searched fastest, and a small change should cost little. So changed tools
//! get a segment of their own, which takes in older segments of about its size, as in a log-structured
//! merge tree (O'Neil et al., 1996): a tool is indexed again about as often as the number of tools can
//! be halved. All figures that scores depend on are counted over living tools, so that an index
//! that grew by changes ranks exactly like one that was built at once.

use std::sync::Arc;

use rayon::prelude::*;

use super::analyser::Analyser;
use super::fields::ToolText;
use super::segment::{self, Segment};
use super::siblings::Servers;
use super::{IndexError, Placed, ToolIndex};

/// Where a tool stands in the index before: its place among the tools there.
pub type Before = Option<usize>;

impl ToolIndex {
    /// Indexes tools, some of which were in an index `before` with the same texts. A tool is found by its
    /// place among `tools`; `text` gives the texts of a place.
    ///
    /// # Errors
    /// A fault of the gateway: nothing here depends on storage.
    pub fn update<'a>(
        before: Option<&Self>,
        tools: &[Before],
        text: impl Fn(usize) -> ToolText<'a> + Sync,
    ) -> Result<Self, IndexError> {
        let mut segments = before.map(|before| before.moved(tools)).unwrap_or_default();
        let mut standing = vec![false; tools.len()];
        for place in segments.iter().flat_map(Placed::living) {
            if let Some(stands) = standing.get_mut(place as usize) {
                *stands = true;
            }
        }
        let new = (0..).zip(&standing).filter(|(_, stands)| !**stands);
        let mut places: Vec<u32> = new.map(|(place, _)| place).collect();
        absorb(&mut segments, &mut places);
        segments.extend(build_segments(&places, &text)?);
        Ok(Self::of(segments, tools.len()))
    }

    /// The segments with their tools where they stand now.
    fn moved(&self, tools: &[Before]) -> Vec<Placed> {
        let mut to = vec![GONE; self.len()];
        for (place, before) in (0..).zip(tools) {
            if let Some(slot) = before.and_then(|before| to.get_mut(before)) {
                *slot = place;
            }
        }
        let place = |before: &u32| to.get(*before as usize).copied().unwrap_or(GONE);
        let moved =
            |placed: &Placed| Placed::new(Arc::clone(&placed.segment), placed.places.iter().map(place).collect());
        self.segments.iter().map(moved).collect()
    }

    fn of(segments: Vec<Placed>, count: usize) -> Self {
        let mut lengths = vec![0.0; count];
        for placed in &segments {
            for (place, length) in placed.places.iter().zip(&placed.segment.lengths) {
                if let Some(slot) = lengths.get_mut(*place as usize) {
                    *slot = *length;
                }
            }
        }
        let average_length = average(&lengths);
        let (servers, homes) = (Servers::of(&segments, count), homes(&segments, count));
        Self { field: segment::field(), analyser: Analyser::new(), segments, lengths, average_length, servers, homes }
    }
}

/// The segment of each tool and its number there, by its place.
fn homes(segments: &[Placed], count: usize) -> Vec<(u32, u32)> {
    let mut homes = vec![(0, 0); count];
    for (segment, placed) in (0..).zip(segments) {
        for (number, place) in (0..).zip(&placed.places) {
            if let Some(home) = homes.get_mut(*place as usize) {
                *home = (segment, number);
            }
        }
    }
    homes
}

/// The place of a tool that is no longer there.
pub(super) const GONE: u32 = u32::MAX;

/// Takes in segments that are not much larger than what is indexed anyway, or mostly dead.
fn absorb(segments: &mut Vec<Placed>, places: &mut Vec<u32>) {
    segments.retain(|placed| placed.alive > 0);
    if places.is_empty() && segments.iter().all(|placed| !placed.is_mostly_dead()) {
        return;
    }
    segments.sort_by_key(|placed| placed.alive);
    let mut kept = Vec::with_capacity(segments.len());
    for placed in segments.drain(..) {
        if placed.is_mostly_dead() || placed.alive <= 2 * places.len() {
            places.extend(placed.living());
        } else {
            kept.push(placed);
        }
    }
    *segments = kept;
    places.sort_unstable();
}

/// New segments for the tools in `places`, one for each processor where there are many.
fn build_segments<'a>(
    places: &[u32],
    text: &(impl Fn(usize) -> ToolText<'a> + Sync),
) -> Result<Vec<Placed>, IndexError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let share = places.len().div_ceil(rayon::current_num_threads()).max(SMALLEST_SHARE);
    let build = |places: &[u32]| {
        let segment = Segment::build(places.iter().map(|place| text(*place as usize)))?;
        Ok(Placed::new(Arc::new(segment), places.to_vec()))
    };
    places.par_chunks(share).map(build).collect()
}

#[expect(clippy::cast_precision_loss, reason = "an average needs no more precision")]
fn average(lengths: &[f32]) -> f32 {
    (lengths.iter().sum::<f32>() / lengths.len().max(1) as f32).max(1.0)
}

/// Fewer tools than these are not worth a segment for each processor.
const SMALLEST_SHARE: usize = 1_000;
