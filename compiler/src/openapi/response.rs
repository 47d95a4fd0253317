//! What a successful call answers with.

use super::{Document, MediaType, Operation, Report, Spot, media_types};

/// An operation's best success response: the lowest 2xx that has a body, then `2XX`, then `default`.
#[must_use]
pub fn success_response<'d>(document: &'d Document, operation: &Operation<'d>, report: &Report) -> Option<Spot<'d>> {
    success(document, operation, report).map(|(response, _)| response)
}

/// The media types of an operation's best success response.
#[must_use]
pub fn success_media_types<'d>(
    document: &'d Document,
    operation: &Operation<'d>,
    report: &Report,
) -> Vec<MediaType<'d>> {
    success(document, operation, report).map(|(_, media_types)| media_types).unwrap_or_default()
}

fn success<'d>(
    document: &'d Document,
    operation: &Operation<'d>,
    report: &Report,
) -> Option<(Spot<'d>, Vec<MediaType<'d>>)> {
    let responses = operation.responses.as_ref()?;
    let mut successes: Vec<(&str, Spot<'_>)> =
        responses.members().filter(|(status, _)| rank(status).is_some()).collect();
    successes.sort_by_key(|(status, _)| (rank(status), *status));
    let declared = successes.iter().any(|(status, _)| !status.eq_ignore_ascii_case("default"));
    successes
        .into_iter()
        // Where successes are declared, `default` is what comes otherwise: an error.
        .filter(|(status, _)| !declared || !status.eq_ignore_ascii_case("default"))
        .filter_map(|(_, response)| document.follow(response, report))
        .map(|response| (response.clone(), media_types(document, &response, report)))
        .find(|(_, media_types)| !media_types.is_empty())
}

fn rank(status: &str) -> Option<u8> {
    match status {
        "default" => Some(2),
        "2XX" | "2xx" => Some(1),
        code if code.len() == 3 && code.starts_with('2') => Some(0),
        _ => None,
    }
}
