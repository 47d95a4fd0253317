//! Importing again, with the built binary: what a person edited stays, what the document changed is
//! taken over, and what both changed is said.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod bakery;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use bakery::{DOCUMENT, all, bakery, edit, edited, exists, file, has, newer};
use support::{Run, Sandbox};

#[test]
fn twelve_edits_survive_a_newer_document() {
    let sandbox = edited();
    let before = file(&sandbox, "list_orders");
    sandbox.write("docs/bakery.yaml", &newer());
    let run = sandbox.run(&["import", "--update"]);
    println!("{}", run.stderr);
    assert_eq!(run.code, 1, "there is a conflict");

    let cakes = file(&sandbox, "list_cakes");
    has(
        &cakes,
        &[
            "title: Every cake   # as we say\n",
            "tags: [cakes, sweets]\n",
            "At most so many cakes.",
            "# no pages: the list is short\n",
        ],
    );
    has(&cakes, &["for sale, with prices.", "    colour: {type: string}\n", "    colour: \"{{ colour }}\"\n"]);
    assert!(!cakes.contains("page:"), "what was taken out stays out:\n{cakes}");
    has(&file(&sandbox, "bake_cake"), &["limits: {timeout: 60s, rate: 1/m}\n", "within a day", "minimum: 1"]);
    let eat = file(&sandbox, "eat_cake");
    has(&eat, &["Eats a cake, all of it.", "\n# what is sent\nrequest:\n"]);
    assert!(eat.find("request:") < eat.find("input:"), "{eat}");
    has(&file(&sandbox, "one_cake"), &["with its layers"]);
    assert!(!exists(&sandbox, "get_cake") && !exists(&sandbox, "list_staff"));
    has(&file(&sandbox, "schemas"), &["minimum: 1"]);
    has(&file(&sandbox, "api"), &["headers: {X-Shop: \"12\"}   # ours\n", "secret.OUR_BAKERY_KEY", "version: \"2\""]);
    assert!(exists(&sandbox, "list_prices") && !exists(&sandbox, "list_ovens"));
    has(&file(&sandbox, "get_menu"), &["Shows what there is today."]);

    assert_eq!(file(&sandbox, "list_orders"), before, "a file with a conflict is left as it is");
    has(&file(&sandbox, "get_order"), &["Shows one order of ours."]);
    has(
        &run.stderr,
        &[
            "error[CAP0439]: `input.properties.since.maxLength` was changed here and in the document",
            "capabilities/bakery/list_orders.yaml:",
            "in the file: `20`",
            "in the document now: `40`",
            "Conflict bakery/list_orders.yaml",
            "warning[CAP0439]: the document no longer has the operation of this file",
            "Removed bakery/list_ovens.yaml",
            "Added bakery/list_prices.yaml",
            "Merged bakery/list_cakes.yaml",
            "Not written list_staff.yaml",
        ],
    );
}

#[test]
fn a_second_update_changes_nothing() {
    let sandbox = edited();
    sandbox.write("docs/bakery.yaml", &newer());
    sandbox.run(&["import", "--update"]);
    let once = all(&sandbox);
    let run = sandbox.run(&["import", "--update", "bakery"]);
    assert_eq!(run.code, 1, "the conflict is still there: {}", run.stderr);
    assert_eq!(once, all(&sandbox));
    let dry = sandbox.run(&["import", "--update", "--dry-run"]);
    assert!(!dry.stderr.contains("Would"), "{}", dry.stderr);
    has(&dry.stderr, &["1 conflict; nothing was written"]);
}

#[test]
fn conflicts_are_settled_and_deleted_files_come_back_when_asked_for() {
    let sandbox = edited();
    sandbox.write("docs/bakery.yaml", &newer());
    sandbox.run(&["import", "--update"]);
    sandbox.ok(&["import", "--update", "--conflicts", "ours", "--restore"]);
    has(&file(&sandbox, "list_orders"), &["maxLength: 20", "late"]);
    has(&file(&sandbox, "get_order"), &["Shows one order of ours."]);
    has(&file(&sandbox, "list_staff"), &["works here today"]);
    let settled = all(&sandbox);
    sandbox.ok(&["import", "--update"]);
    assert_eq!(settled, all(&sandbox), "what was settled stays so");
    sandbox.ok(&["check"]);

    let sandbox = edited();
    sandbox.write("docs/bakery.yaml", &newer());
    sandbox.ok(&["import", "docs/bakery.yaml", "--conflicts", "theirs"]);
    has(&file(&sandbox, "list_orders"), &["maxLength: 40", "late"]);
    has(&file(&sandbox, "get_order"), &["Shows one order of ours."]);
    sandbox.ok(&["check"]);
}

#[test]
fn a_dry_run_says_what_would_happen() {
    let sandbox = edited();
    sandbox.write("docs/bakery.yaml", &newer());
    let before = all(&sandbox);
    let run = sandbox.run(&["import", "docs/bakery.yaml", "--dry-run"]);
    assert_eq!(run.code, 1);
    assert_eq!(before, all(&sandbox));
    has(
        &run.stderr,
        &[
            "Would add bakery/list_prices.yaml",
            "Would update bakery/schemas.yaml",
            "Would merge bakery/list_cakes.yaml",
            "Would remove bakery/list_ovens.yaml",
            "Conflict bakery/list_orders.yaml",
        ],
    );
}

#[test]
fn force_writes_what_the_document_says() {
    let sandbox = edited();
    sandbox.write("docs/bakery.yaml", &newer());
    sandbox.ok(&["import", "--update", "--force", "--restore"]);
    let fresh = Sandbox::new();
    fresh.write("docs/bakery.yaml", &newer());
    fresh.ok(&["import", "docs/bakery.yaml"]);
    let (mut forced, fresh) = (all(&sandbox), all(&fresh));
    let renamed = forced.remove("one_cake.yaml").unwrap();
    forced.insert("get_cake.yaml".to_owned(), renamed);
    for (name, text) in &fresh {
        if name != ".imported" {
            assert_eq!(forced.get(name), Some(text), "{name}");
        }
    }
}

/// The import block repeats what was asked for.
#[test]
fn an_update_repeats_the_import() {
    let sandbox = Sandbox::new();
    sandbox.write("docs/bakery.yaml", DOCUMENT);
    sandbox.write(
        "docs/fixes.yaml",
        "overlay: 1.1.0\ninfo: {title: F, version: '1'}\nactions: [{target: $.paths.*.get.summary, update: Ours}]\n",
    );
    let args = "import docs/bakery.yaml --api shop --out tools --overlay docs/fixes.yaml --include *ake* --exclude eat* \
                --method get --method post --server https://test.bakery.example";
    sandbox.ok(&args.split_whitespace().collect::<Vec<_>>());
    let api = sandbox.read("tools/shop/api.yaml");
    has(&api, &["import:\n", "  document: \"../../docs/bakery.yaml\"\n", "  overlays: [\"../../docs/fixes.yaml\"]\n"]);
    has(&api, &["server: https://test.bakery.example\n", "include: [\"*ake*\"]", "methods: [get, post]"]);
    let before: Vec<_> =
        fs::read_dir(sandbox.path().join("tools/shop")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(before.len(), 6, "{before:?}");
    let run = sandbox.ok(&["import", "--update", "--out", "tools"]);
    has(&run.stderr, &["Finished 5 unchanged"]);
    sandbox.ok(&["check", "tools"]);
    // A person may change what is asked for.
    let api = sandbox.read("tools/shop/api.yaml").replace("include: [\"*ake*\"]", "include: [\"*ake*\", \"*rder*\"]");
    sandbox.write("tools/shop/api.yaml", &api);
    let run = sandbox.ok(&["import", "--update", "shop", "--out", "tools"]);
    has(&run.stderr, &["2 added, 5 unchanged"]);
    has(&sandbox.read("tools/shop/list_orders.yaml"), &["title: Ours\n"]);
}

#[test]
fn what_cannot_be_repeated_is_said() {
    let sandbox = bakery();
    let said = |run: Run, code: i32, text: &str| {
        assert_eq!(run.code, code, "{}", run.stderr);
        has(&run.stderr, &[text]);
    };
    said(sandbox.run(&["import", "--update", "bakary"]), 1, "did you mean `bakery`?");
    said(sandbox.run(&["import", "--update", "--out", "nowhere"]), 5, "cannot read nowhere");
    said(sandbox.run(&["import"]), 2, "required");
    said(sandbox.run(&["import", "docs/bakery.yaml", "--update"]), 2, "cannot be used with");
    edit(&sandbox, "api", "  document: \"../../docs/bakery.yaml\"\n", "  tags: [cakes]\n");
    said(sandbox.run(&["import", "--update"]), 1, "was imported from standard input");
    edit(&sandbox, "api", "  tags: [cakes]\n", "  document: ../../docs/gone.yaml\n");
    said(sandbox.run(&["import", "--update"]), 5, "gone.yaml");
    edit(&sandbox, "api", "import:\n", "import:\n  documant: x\n");
    said(sandbox.run(&["check"]), 1, "did you mean `document`?");
}

/// The base is hidden: it is neither compiled nor pinned.
#[test]
fn the_base_is_no_definition() {
    let sandbox = bakery();
    sandbox.ok(&["check"]);
    sandbox.ok(&["pin"]);
    assert!(!sandbox.read("capabilities/cap.lock").contains(".imported"));
    assert!(sandbox.read("capabilities/bakery/.imported").starts_with("# What `cap import` wrote last time."));
}

/// The base is written last: an update that was interrupted is completed by the next one.
#[test]
fn an_interrupted_update_is_completed() {
    let sandbox = edited();
    let base = sandbox.read("capabilities/bakery/.imported");
    sandbox.write("docs/bakery.yaml", &newer());
    sandbox.run(&["import", "--update"]);
    let done = all(&sandbox);
    sandbox.write("capabilities/bakery/.imported", &base);
    let run = sandbox.run(&["import", "--update"]);
    assert_eq!(done, all(&sandbox), "{}", run.stderr);
}

#[test]
fn a_broken_file_costs_only_itself() {
    let sandbox = bakery();
    edit(&sandbox, "list_cakes", "title: List cakes", "title: {{ cakes }}");
    let broken = file(&sandbox, "list_cakes");
    sandbox.write("docs/bakery.yaml", &newer());
    let run = sandbox.run(&["import", "--update"]);
    assert_eq!(run.code, 1);
    has(&run.stderr, &["error[CAP0101]", "Conflict bakery/list_cakes.yaml", "1 conflict below"]);
    assert_eq!(file(&sandbox, "list_cakes"), broken);
    has(&file(&sandbox, "bake_cake"), &["within a day"]);
    sandbox.ok(&["import", "--update", "--conflicts", "theirs"]);
    has(&file(&sandbox, "list_cakes"), &["title: List cakes", "with prices"]);
}

#[test]
fn a_file_may_move_to_a_folder_of_its_own() {
    let sandbox = bakery();
    let folder = sandbox.path().join("capabilities/bakery");
    fs::create_dir(folder.join("staff")).unwrap();
    fs::rename(folder.join("list_staff.yaml"), folder.join("staff/all.yaml")).unwrap();
    edit(&sandbox, "staff/all", "title: List staff", "title: Who works here");
    sandbox.write("docs/bakery.yaml", &newer());
    sandbox.ok(&["import", "--update"]);
    has(&file(&sandbox, "staff/all"), &["Who works here", "works here today"]);
    assert!(!exists(&sandbox, "list_staff"));
}

/// Whole folders are left alone when something in them cannot be read.
#[test]
fn a_file_that_is_no_text_stops_the_update() {
    let sandbox = bakery();
    #[expect(clippy::disallowed_methods, reason = "a file in a temporary folder")]
    fs::write(sandbox.path().join("capabilities/bakery/list_cakes.yaml"), b"title: \xFF").unwrap();
    sandbox.write("docs/bakery.yaml", &newer());
    let run = sandbox.run(&["import", "--update"]);
    assert_eq!(run.code, 5);
    has(&run.stderr, &["list_cakes.yaml: the file is not UTF-8 text"]);
    has(&file(&sandbox, "bake_cake"), &["description: Bakes a cake to order.\n"]);
}

/// What cannot be read today is not lost.
#[test]
fn an_operation_that_fails_today_keeps_its_file() {
    let sandbox = bakery();
    let before = all(&sandbox);
    let broken = [
        ("requestBody: {required: true, content:", "requestBody: {$ref: \"#/no\", content:", "Skipped POST /cakes"),
        ("  /ovens:\n    get: {", "  /ovens:\n    $ref: elsewhere.yaml\n    x-get: {", "elsewhere.yaml"),
        ("  /ovens:\n    get: {", "  /ovens:\n    get: later\n    x-get: {", "must be a mapping"),
        ("paths:\n", "paths: [\n", "is not valid YAML"),
    ];
    for (from, to, said) in broken {
        sandbox.write("docs/bakery.yaml", &DOCUMENT.replacen(from, to, 1));
        let run = sandbox.run(&["import", "--update", "--notes"]);
        has(&run.stderr, &[said]);
        for name in ["list_ovens.yaml", "bake_cake.yaml"] {
            assert_eq!(before.get(name), all(&sandbox).get(name), "{name}: {}", run.stderr);
        }
    }
    sandbox.write("docs/bakery.yaml", DOCUMENT);
    sandbox.ok(&["import", "--update"]);
    assert_eq!(before, all(&sandbox));
}
