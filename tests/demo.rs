//! The tour of `cap demo`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use support::Sandbox;

#[test]
fn the_tour_ends_well_and_shows_each_step() {
    let run = Sandbox::new().ok(&["demo", "--once"]);
    for shown in [
        "petstore/pets_create.yaml",
        "cap.lock: ",
        "gateway_search_tools, gateway_describe_tools",
        "petstore__pets_create(name: string, species: cat|dog|rabbit|parrot, likes?: string[])",
        "POST /v1/pets",
        "Authorization: Bearer … (the right token)",
        "\"likes\":[\"hay\",\"{{ naps }}\"]",
        "found by search after",
        "9:00 to 18:00",
        "is quarantined",
    ] {
        assert!(run.stdout.contains(shown), "the tour does not show {shown:?}:\n{}", run.stdout);
    }
    assert!(!run.stdout.contains("demo-token"), "the tour shows a secret");
}
