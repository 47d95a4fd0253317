//! How the pages of a list hang together, where the document leaves one reading.
//!
//! A wrong reading loses items without a sign, so what is not written in the document is not guessed. Of
//! several ways that a document describes, the one is taken in which the server itself says where the next
//! page is: a link, then a URL, then the next value of an argument; counting comes last.

mod answer;
mod query;
mod reading;
mod rules;
mod shape;

use super::parameters::Sent;
use crate::definition::PaginationDefinition;
use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::Operation;
use crate::openapi::schema::Converter;
use answer::Lists;
use query::Query;
use reading::Reading;
use shape::Reader;

/// Why the pages of a list are not described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// There are several ways, and nothing says which is meant.
    Readings,
    /// Nothing says how the first page is numbered.
    Start,
    /// Several lists come back.
    Lists,
    /// Nothing in the answer leads on.
    Next,
}

/// The pages of an operation's answer. `sent` has the parameters and their names as arguments.
pub(super) fn pages<'d>(
    operation: &Operation<'d>,
    sent: &[(&Sent, &str)],
    converter: &Converter<'d>,
) -> Option<PaginationDefinition> {
    if operation.outline.method != "get" {
        return None;
    }
    match found(operation, sent, converter) {
        Ok(found) => found,
        Err(doubt) => {
            let say = || doubt.diagnostic(operation);
            converter.report().count(doubt.reason(), say, Code::PAGES_UNCERTAIN);
            None
        }
    }
}

fn found<'d>(
    operation: &Operation<'d>,
    sent: &[(&Sent, &str)],
    converter: &Converter<'d>,
) -> Result<Option<PaginationDefinition>, Doubt> {
    let reader = Reader::new(converter.document());
    let Some(answer) = answer::answer(operation, converter.document(), &reader) else { return Ok(None) };
    let queries = query::queries(operation, sent, &reader);
    let extension = operation.outline.spot.get(rules::PAGEABLE);
    let declared = extension.and_then(|it| it.text(rules::PAGEABLE_NEXT));
    let found = match &answer.lists {
        Lists::Several => Err(Doubt::Lists),
        Lists::One(list) => read(&Reading { answer: &answer, list, queries: &queries, reader: &reader, declared }),
    };
    let paged = answer.links || queries.iter().any(|query| tells(query, &reader));
    match found {
        Ok(Some(pages)) => Ok(Some(pages)),
        // A list whose parameters have nothing to do with pages comes whole.
        Ok(None) | Err(_) if !paged => Ok(None),
        Ok(None) => Err(Doubt::Next),
        Err(doubt) => Err(doubt),
    }
}

fn read(reading: &Reading<'_, '_>) -> Result<Option<PaginationDefinition>, Doubt> {
    if let Some(link) = reading.link() {
        return Ok(Some(link));
    }
    if let Some(url) = reading.next_url()? {
        return Ok(Some(url));
    }
    match reading.cursor()? {
        Some(cursor) if reading.counts_beside(&cursor) => Err(Doubt::Readings),
        Some(cursor) => Ok(Some(cursor)),
        None => reading.counted(),
    }
}

/// Whether a parameter has to do with pages.
fn tells<'d>(query: &Query<'d>, reader: &Reader<'d>) -> bool {
    let counts = rules::PAGE_NUMBERS.contains(&query.name.as_str())
        || rules::OFFSETS.contains(&query.name.as_str())
        || rules::POSITIONS.contains(&query.name.as_str());
    (counts && !query.types.contains("boolean")) || query.is_cursor(reader)
}

impl Doubt {
    fn reason(self) -> &'static str {
        match self {
            Self::Readings => "there is more than one way to the next page",
            Self::Start => "nothing says how the first page is numbered",
            Self::Lists => "several lists come back",
            Self::Next => "nothing in the answer leads to the next page",
        }
    }

    fn diagnostic(self, operation: &Operation<'_>) -> Diagnostic {
        let message = format!("the pages of `GET {}` are left out", operation.outline.path);
        Diagnostic::new(Code::PAGES_UNCERTAIN, message, operation.outline.spot.address.key())
            .label(self.reason())
            .help("write `pagination` into the capability's file if you know better; importing again keeps it")
    }
}
