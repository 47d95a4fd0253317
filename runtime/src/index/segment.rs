//! A number of tools, indexed once and never changed: what one snapshot shares with the next.
//!
//! A segment knows its tools by their number in it. Where they stand in a snapshot, and which of them
//! are still alive, is the business of the index that holds it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tantivy::directory::RamDirectory;
use tantivy::indexer::SingleSegmentIndexWriter;
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};
use tantivy::{Index, InvertedIndexReader, SegmentReader, TantivyDocument};

use super::IndexError;
use super::analyser::{Analyser, Form};
use super::coverage::{NameWords, NameWordsBuilder};
use super::fields::{NAME, ToolText, UNIT};
use super::names::Names;
use super::siblings::Servers;
use super::weighted::{WeightedTerms, WeightedText};

/// Tools, indexed.
pub(super) struct Segment {
    pub(super) postings: Arc<InvertedIndexReader>,
    /// The weighted number of terms of each tool.
    pub(super) lengths: Vec<f32>,
    pub(super) names: Names,
    pub(super) name_words: NameWords,
    pub(super) servers: Servers,
}

impl Segment {
    /// Indexes tools; each gets its place among them as its number.
    pub(super) fn build<'a>(tools: impl IntoIterator<Item = ToolText<'a>>) -> Result<Self, IndexError> {
        let (schema, field) = schema();
        let tokenizers = TokenizerManager::new();
        tokenizers.register(TOKENIZER, TextAnalyzer::from(WeightedTerms::default()));
        let index = Index::builder().schema(schema).tokenizers(tokenizers);
        let mut writer = index.single_segment_index_writer(RamDirectory::create(), MEMORY)?;
        let mut analyser = Analyser::new();
        let (mut lengths, mut names) = (Vec::new(), Vec::new());
        let (mut name_words, mut servers) = (NameWordsBuilder::default(), Servers::default());
        for tool in tools {
            let text = weighted(&mut analyser, &tool);
            lengths.push(scaled(text.length()));
            names.push((tool.name.to_owned(), tool.local_name.to_owned()));
            name_words.add(name_stems(&mut analyser, &tool));
            servers.add(tool.server);
            add(&mut writer, field, text)?;
        }
        let postings = read(&writer.finalize()?, field)?;
        Ok(Self { postings, lengths, names: Names::new(names), name_words: name_words.build(), servers })
    }

    /// How many tools it holds, dead or alive.
    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }
}

/// The one field there is. It is the same in every segment.
pub(super) fn field() -> Field {
    schema().1
}

/// One field of terms and their frequencies. Lengths are kept exactly beside it, so tantivy's
/// rounded ones are left out, and no text is stored.
fn schema() -> (Schema, Field) {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqs);
    let mut schema = Schema::builder();
    let field = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    (schema.build(), field)
}

/// The terms of a tool, each as often as its part counts.
fn weighted(analyser: &mut Analyser, tool: &ToolText<'_>) -> WeightedText {
    let mut weighted = WeightedText::default();
    for (text, weight) in tool.parts() {
        analyser.words(text, |word| {
            let weight = if word.form == Form::Compound { (weight / COMPOUND).max(1) } else { weight };
            weighted.add(word.stem, weight);
            weighted.add_form(word.exact, weight);
        });
    }
    // A tool may be named with words that say nothing: `hello`, `who_am_i`.
    analyser.little_words(tool.local_name, |term| weighted.add_form(term, NAME));
    let mut actions = BTreeSet::new();
    analyser.actions(tool.local_name, |class, _| {
        actions.insert(class);
    });
    actions.into_iter().for_each(|class| weighted.add_form(class, NAME));
    weighted
}

/// The stems in a tool's name; parts stand for the words that have some.
fn name_stems(analyser: &mut Analyser, tool: &ToolText<'_>) -> BTreeSet<String> {
    let mut stems = BTreeSet::new();
    analyser.words(tool.local_name, |word| {
        if word.form != Form::Compound {
            stems.insert(word.stem.to_owned());
        }
    });
    stems
}

fn add(writer: &mut SingleSegmentIndexWriter, field: Field, text: WeightedText) -> Result<(), IndexError> {
    let mut document = TantivyDocument::new();
    document.add_text(field, text.into_text());
    Ok(writer.add_document(document)?)
}

fn read(index: &Index, field: Field) -> Result<Arc<InvertedIndexReader>, IndexError> {
    match index.searchable_segments()?.first() {
        Some(segment) if segment.meta().max_doc() > 0 => Ok(SegmentReader::open(segment)?.inverted_index(field)?),
        _ => Ok(Arc::new(InvertedIndexReader::empty(IndexRecordOption::WithFreqs))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of terms is far below 2^24")]
pub(super) fn scaled(weighted: usize) -> f32 {
    weighted as f32 / UNIT as f32
}

/// The name by which the schema finds [`WeightedTerms`].
const TOKENIZER: &str = "weighted";
/// How many times less the whole of `listIssues` counts than its parts, which say the same.
const COMPOUND: u32 = 4;
/// A hint to tantivy's writer; all is kept in one segment whatever it is.
const MEMORY: usize = 16 << 20;
