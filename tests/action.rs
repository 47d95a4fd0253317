//! The scripts of `action.yml` as a workflow runs them: in a real repository, beside a server that answers like
//! GitHub's API.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, patch};
use axum::{Json, Router};
use serde_json::{Value, json};
use support::{Sandbox, project};
use tokio::net::TcpListener;

const TOKEN: &str = "ghs_planted-e1f0c2";

/// Comments of one pull request, and who the token is.
#[derive(Clone, Default)]
struct GitHub {
    comments: Arc<Mutex<Vec<Value>>>,
    written: Arc<Mutex<Vec<String>>>,
    refuses: bool,
}

impl GitHub {
    async fn start(&self) -> String {
        let comments = get(list).post(create);
        let router = Router::new()
            .route("/user", get(|| async { StatusCode::FORBIDDEN }))
            .route("/repos/bakery/shop/issues/7/comments", comments)
            .route("/repos/bakery/shop/issues/comments/{id}", patch(update))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    fn put(&self, author: &str, body: &str) {
        let mut comments = self.comments.lock().unwrap();
        let id = comments.len() + 1;
        comments.push(json!({"id": id, "user": {"login": author}, "body": body}));
    }

    fn body(&self, id: usize) -> String {
        self.comments.lock().unwrap()[id - 1]["body"].as_str().unwrap().to_owned()
    }

    fn written(&self) -> Vec<String> {
        self.written.lock().unwrap().clone()
    }
}

fn is_ours(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == &format!("Bearer {TOKEN}"))
}

async fn list(State(github): State<GitHub>, RawQuery(query): RawQuery, headers: HeaderMap) -> Json<Value> {
    assert!(is_ours(&headers));
    let query = query.unwrap();
    let page: usize = query.rsplit_once("&page=").unwrap().1.parse().unwrap();
    let comments = github.comments.lock().unwrap();
    Json(comments.chunks(100).nth(page - 1).unwrap_or_default().to_vec().into())
}

async fn create(State(github): State<GitHub>, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
    assert!(is_ours(&headers));
    if github.refuses {
        return StatusCode::FORBIDDEN;
    }
    github.put("github-actions[bot]", body["body"].as_str().unwrap());
    github.written.lock().unwrap().push("new".to_owned());
    StatusCode::CREATED
}

async fn update(State(github): State<GitHub>, Path(id): Path<usize>, Json(body): Json<Value>) -> StatusCode {
    github.comments.lock().unwrap()[id - 1]["body"] = body["body"].clone();
    github.written.lock().unwrap().push(format!("comment {id}"));
    StatusCode::OK
}

/// Whether the programs are here that a workflow's machine has.
fn can_run() -> bool {
    let missing = ["bash", "git", "curl", "jq"]
        .into_iter()
        .find(|program| Command::new(program).arg("--version").output().is_err());
    if let Some(program) = missing {
        eprintln!("SKIPPED: {program} is not installed");
    }
    missing.is_none()
}

fn tool(description: &str, host: &str) -> String {
    format!(
        "version: 1\nkind: capability\nname: list_cakes\nserver: https://{host}\ndescription: {description}\n\
         input: {{type: object}}\nrequest: {{method: GET, path: /cakes}}\n"
    )
}

/// A work tree on a branch that left `origin/main`.
struct Checkout(Sandbox);

impl Checkout {
    fn new() -> Self {
        let it = Self(Sandbox::new());
        it.0.write("capabilities/list_cakes.yaml", &tool("List the cakes.", "api.bakery.example"));
        it.0.ok(&["pin"]);
        it.git(&["init", "--quiet", "--initial-branch", "main"]);
        it.git(&["add", "."]);
        it.git(&["commit", "--quiet", "-m", "Base"]);
        it.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        it
    }

    fn git(&self, args: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]);
        git.args(args).current_dir(self.0.path()).env("HOME", self.0.path());
        assert!(git.output().unwrap().status.success(), "git {args:?}");
    }

    fn change(&self, description: &str, host: &str) {
        self.0.write("capabilities/list_cakes.yaml", &tool(description, host));
    }

    fn script(&self, name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
        let mut bash = Command::new("bash");
        bash.arg(project().join("action").join(name)).args(arguments).current_dir(self.0.path());
        bash.env("CAP", env!("CARGO_BIN_EXE_cap")).env("NO_COLOR", "1").env("no_proxy", "127.0.0.1");
        bash.env("HOME", self.0.path()).env("RUNNER_TEMP", self.0.path()).env_remove("CAP_SHARED");
        let output = bash.envs(environment.iter().copied()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    /// What the review says, and its report.
    fn review(&self, environment: &[(&str, &str)]) -> (i32, String, String) {
        self.0.write("summary", "");
        self.0.write("output", "");
        let (summary, output) = (self.0.path().join("summary"), self.0.path().join("output"));
        let files = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()), ("GITHUB_OUTPUT", output.to_str().unwrap())];
        let (code, said) = self.script("review", &[], &[&files, environment].concat());
        let report = self.0.read("output").trim().strip_prefix("report=").unwrap().to_owned();
        let report = std::fs::read_to_string(report).unwrap();
        assert_eq!(self.0.read("summary"), report);
        (code, said, report)
    }

    async fn comment(&self, url: &str, report: &str) -> (i32, String) {
        self.0.write("report.md", report);
        let environment = [("GITHUB_API_URL", url), ("GITHUB_REPOSITORY", "bakery/shop"), ("GITHUB_TOKEN", TOKEN)];
        let (code, said) = tokio::task::block_in_place(|| self.script("comment", &["7", "report.md"], &environment));
        assert!(!said.contains(TOKEN), "{said}");
        (code, said)
    }
}

const PULL_REQUEST: [(&str, &str); 1] = [("GITHUB_BASE_REF", "main")];

#[test]
fn a_pull_request_is_compared_with_where_it_began() {
    if !can_run() {
        return;
    }
    let it = Checkout::new();
    let (code, _, report) = it.review(&PULL_REQUEST);
    assert_eq!(code, 0, "{report}");
    assert!(report.starts_with("<!-- cap diff -->\n"), "{report}");

    it.change("List the cakes.", "api.elsewhere.example");
    let (code, said, report) = it.review(&PULL_REQUEST);
    assert_eq!(code, 1);
    assert!(said.contains("::error file=capabilities/list_cakes.yaml,line=4,"), "{said}");
    assert!(report.contains("DIFF201") && report.contains("| `cap pin --check` | **files are not as"), "{report}");
    assert!(report.contains("| `cap diff` | **changes that are not wanted**"), "{report}");

    // What is wanted fails nothing, once it is pinned.
    it.0.ok(&["pin"]);
    let (code, _, report) = it.review(&[PULL_REQUEST[0], ("DENY", "breaking")]);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn in_a_folder_of_the_repository_annotations_name_files_from_its_top() {
    if !can_run() {
        return;
    }
    let it = Checkout::new();
    let folder = "a & b|c";
    std::fs::create_dir(it.0.path().join(folder)).unwrap();
    it.0.write(&format!("{folder}/capabilities/list_pies.yaml"), "version: 1\nkind: capability\nname: pies\n");
    let script = project().join("action/review");
    let mut bash = Command::new("bash");
    bash.arg(script).current_dir(it.0.path().join(folder)).env("CAP", env!("CARGO_BIN_EXE_cap")).env("NO_COLOR", "1");
    let said = String::from_utf8(bash.env("RUNNER_TEMP", it.0.path()).output().unwrap().stdout).unwrap();
    assert!(said.contains(&format!("::error file={folder}/capabilities/list_pies.yaml,")), "{said}");
}

#[cfg(unix)]
#[test]
fn names_of_files_are_no_commands_to_the_workflow() {
    if !can_run() {
        return;
    }
    let it = Checkout::new();
    it.0.write(
        "capabilities/a\n::add-mask::reach\n.yaml",
        &tool("A tool.", "api.bakery.example").replace("list_cakes", "b"),
    );
    let (_, said, _) = it.review(&[PULL_REQUEST[0], ("GITHUB_ACTIONS", "true")]);
    assert!(said.contains("a\\u{a}::add-mask"), "{said}");
    assert!(!said.lines().any(|line| line.starts_with("::add-mask")), "{said}");
    let marks: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("::stop-commands::")).collect();
    assert!(!marks.is_empty() && marks.iter().all(|mark| said.contains(&format!("\n::{mark}::\n"))), "{said}");
}

#[test]
fn a_push_is_compared_with_the_commit_before_and_a_comparison_that_fails_is_said() {
    if !can_run() {
        return;
    }
    let it = Checkout::new();
    it.change("List the cakes of today.", "api.bakery.example");
    it.0.ok(&["pin"]);
    it.git(&["commit", "--quiet", "-am", "Words"]);
    let new = "0".repeat(40);
    for environment in [[("BEFORE", "HEAD~1")], [("BEFORE", new.as_str())]] {
        let (code, _, report) = it.review(&environment);
        assert!(code == 0 && report.contains("DIFF402"), "{report}");
    }
    let (code, _, report) = it.review(&[("BASE", "nowhere")]);
    assert_eq!(code, 1);
    assert!(report.starts_with("<!-- cap diff -->\n") && report.contains("could not be done"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_comment_that_is_kept_up_to_date() {
    if !can_run() {
        return;
    }
    let (it, github) = (Checkout::new(), GitHub::default());
    // A long conversation, and somebody who pretends.
    (0..150).for_each(|_| github.put("somebody", "A word."));
    github.put("somebody", "<!-- cap diff -->\nall is well");
    let url = github.start().await;
    for text in ["\"first\" & `this`\n", "second $(id)\n"] {
        let report = format!("<!-- cap diff -->\n{text}");
        let (code, said) = it.comment(&url, &report).await;
        assert_eq!(code, 0, "{said}");
        assert_eq!(github.body(152), report);
    }
    assert_eq!(github.written(), ["new", "comment 152"]);
    assert!(github.body(151).ends_with("all is well"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_only_read_fails_nothing() {
    if !can_run() {
        return;
    }
    let (it, github) = (Checkout::new(), GitHub { refuses: true, ..GitHub::default() });
    let url = github.start().await;
    let (code, said) = it.comment(&url, "<!-- cap diff -->\nwords\n").await;
    assert_eq!(code, 0);
    assert!(said.contains("::warning title=cap::the token may not comment (status 403)"), "{said}");
}
