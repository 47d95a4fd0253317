//! Building an index: one pass over the tools, one segment, in memory.

use std::sync::Arc;

use tantivy::directory::RamDirectory;
use tantivy::indexer::SingleSegmentIndexWriter;
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, InvertedIndexReader, SegmentReader, TantivyDocument};

use super::analyser::Analyser;
use super::fields::{ToolText, UNIT};
use super::names::Names;
use super::{IndexError, ToolIndex};

impl ToolIndex {
    /// Indexes tools; a tool is found by its place among them.
    ///
    /// # Errors
    /// A fault of the gateway: nothing here depends on storage.
    pub fn build<'a>(tools: impl IntoIterator<Item = ToolText<'a>>) -> Result<Self, IndexError> {
        let (schema, field) = schema();
        let mut writer = Index::builder().schema(schema).single_segment_index_writer(RamDirectory::create(), MEMORY)?;
        let mut analyser = Analyser::new();
        let (mut lengths, mut names) = (Vec::new(), Vec::new());
        for tool in tools {
            let tokens = weighted_tokens(&mut analyser, &tool);
            lengths.push(scaled(tokens.len()));
            names.push((tool.name.to_owned(), tool.local_name.to_owned()));
            add(&mut writer, field, tokens)?;
        }
        let postings = read(&writer.finalize()?, field)?;
        let average_length = average(&lengths);
        Ok(Self { postings, field, analyser, lengths, average_length, names: Names::new(names) })
    }
}

/// One field of terms and their frequencies. Lengths are kept exactly beside it, so tantivy's
/// rounded ones are left out, and no text is stored.
fn schema() -> (Schema, Field) {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqs);
    let mut schema = Schema::builder();
    let field = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    (schema.build(), field)
}

/// The terms of a tool, each as often as its part counts.
fn weighted_tokens(analyser: &mut Analyser, tool: &ToolText<'_>) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (text, weight) in tool.parts() {
        analyser.terms(text, |term| {
            let token = Token { text: term.to_owned(), position: 0, ..Token::default() };
            tokens.extend(std::iter::repeat_n(token, weight as usize));
        });
    }
    tokens
}

fn add(writer: &mut SingleSegmentIndexWriter, field: Field, tokens: Vec<Token>) -> Result<(), IndexError> {
    let mut document = TantivyDocument::new();
    document.add_pre_tokenized_text(field, PreTokenizedString { text: String::new(), tokens });
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

#[expect(clippy::cast_precision_loss, reason = "an average needs no more precision")]
fn average(lengths: &[f32]) -> f32 {
    (lengths.iter().sum::<f32>() / lengths.len().max(1) as f32).max(1.0)
}

/// A hint to tantivy's writer; all is kept in one segment whatever it is.
const MEMORY: usize = 16 << 20;
