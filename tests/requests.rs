//! Whether plain words find the right one of hundreds of operations, with and without typing errors.
//!
//! The requests are `fixtures/retrieval/github.tsv`; the document is imported by the built binary and
//! searched by the code that answers agents. Run with `--nocapture` to see what was not found.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use cap_compiler::pin::Policy;
use cap_runtime::load::Loader;
use cap_runtime::registry::{Caller, SearchRequest, Snapshot, View};
use cap_runtime::reload::contents;

use support::{Sandbox, project, shared};

/// How many of the requests must be answered by the first match, by one of the first five, and by one
/// of the first five when each has a typing error.
const FIRST: f64 = 0.61;
const FIRST_FIVE: f64 = 0.88;
const FIRST_FIVE_MISTYPED: f64 = 0.84;

#[test]
fn plain_words_find_the_operation() {
    let Some(shared) = shared("plain_words_find_the_operation") else { return };
    let sandbox = Sandbox::new();
    let document = shared.join("corpus/specs/github-api.v30.json");
    sandbox.ok(&["import", &document.to_string_lossy(), "--api", "github", "--out", "capabilities"]);
    let loaded = Loader::new(&[sandbox.path().join("capabilities")], Policy::AllowUnlisted).load().unwrap();
    let snapshot = Snapshot::build(1, contents(&loaded, Vec::new(), &[], None)).unwrap();

    let requests = requests();
    assert!(requests.len() >= 60);
    let ranks = ranks(&snapshot, &requests);
    let mistyped: Vec<(String, String)> =
        requests.iter().map(|(request, tool)| (mistyped(request), tool.clone())).collect();
    let mistyped_ranks = self::ranks(&snapshot, &mistyped);
    let (first, five) = (share(&ranks, 1), share(&ranks, 5));
    let five_mistyped = share(&mistyped_ranks, 5);
    println!("hit@1 {first:.3}  hit@5 {five:.3}");
    println!("mistyped: hit@1 {:.3}  hit@5 {five_mistyped:.3}", share(&mistyped_ranks, 1));
    assert!(first >= FIRST, "hit@1 is {first:.3}");
    assert!(five >= FIRST_FIVE, "hit@5 is {five:.3}");
    assert!(five_mistyped >= FIRST_FIVE_MISTYPED, "hit@5 with typing errors is {five_mistyped:.3}");
}

/// Requests, each with the name of the tool that answers it.
fn requests() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(project().join("fixtures/retrieval/github.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once('\t').unwrap())
        .map(|(request, operation)| (request.to_owned(), format!("github__{}", operation.replace(['/', '-'], "_"))))
        .collect()
}

/// The rank of each request's tool among the first ten, from 0.
fn ranks(snapshot: &Snapshot, requests: &[(String, String)]) -> Vec<Option<usize>> {
    let view = View::of(snapshot, Caller::Anyone);
    let rank = |(query, tool): &(String, String)| {
        let reply = view.search(&SearchRequest { query: query.clone(), limit: Some(10), ..SearchRequest::default() });
        let rank = reply.matches.iter().position(|found| found.tool == *tool);
        if rank.is_none_or(|rank| rank >= 5) {
            let first = reply.matches.first().map_or("nothing", |found| &found.tool);
            println!("`{query}` is not answered by {tool} ({rank:?}) but by {first}");
        }
        rank
    };
    assert!(requests.iter().all(|(_, tool)| snapshot.tool(tool).is_some()), "a request asks for an unknown tool");
    requests.iter().map(rank).collect()
}

/// The request with the two middle letters of its longest word swapped; of two such words the first.
/// Where the two are the same letter, the next pair is swapped.
fn mistyped(request: &str) -> String {
    let longest = request.split(' ').map(str::len).max().unwrap_or_default();
    let word = request.split(' ').find(|word| word.len() == longest).unwrap();
    let mut letters: Vec<char> = word.chars().collect();
    let at = (letters.len() / 2 - 1..letters.len() - 1).find(|at| letters[*at] != letters[at + 1]).unwrap();
    letters.swap(at, at + 1);
    request.replacen(word, &letters.into_iter().collect::<String>(), 1)
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn share(ranks: &[Option<usize>], within: usize) -> f64 {
    ranks.iter().flatten().filter(|rank| **rank < within).count() as f64 / ranks.len() as f64
}
