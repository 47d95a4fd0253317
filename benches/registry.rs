//! What thousands of tools cost the gateway: its start, its memory, a search, and a change on disk.
//!
//! Capabilities are made of a few word lists, always the same ones, and served by the built binary. All is
//! measured from outside, over HTTP, as an agent meets it; CPU time and memory are those of the gateway alone,
//! read from `/proc`. `CAP_BENCH_TOOLS` sets the numbers of tools, such as `1000,10000,100000`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench that cannot go on stops, and says what it saw"
)]

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::{Gateway, call, count, measurable};

/// How many tools each api has.
const TOOLS_OF_AN_API: usize = 50;
/// How many searches are measured.
const SEARCHES: usize = 2_000;
/// How often each kind of change is measured.
const CHANGES: usize = 15;
/// How many reloads come before memory is looked at again.
const RELOADS: usize = 50;

fn main() {
    if !measurable() {
        return println!("skipped: there is no /proc here");
    }
    let sizes = std::env::var("CAP_BENCH_TOOLS").unwrap_or_else(|_| "1000,10000".to_owned());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for tools in sizes.split(',').map(|size| size.trim().parse().unwrap()) {
        runtime.block_on(measure(tools));
    }
}

async fn measure(tools: usize) {
    let folder = tempfile::tempdir().unwrap();
    write_tools(&folder.path().join("capabilities"), tools);
    // A first start finds the files in the system's cache, as a restart does.
    drop(Gateway::start(folder.path(), &[]));
    let start = Instant::now();
    let gateway = Gateway::start(folder.path(), &[]);
    let probe = Probe { client: support::client(), gateway: &gateway };
    probe.until_first(&title(tools - 1), &name(tools - 1)).await;
    let started = start.elapsed();
    println!("{tools} tools");
    println!("  start to the first right search  {:>9.0} ms", started.as_secs_f64() * 1e3);
    println!("  CPU of the start                 {:>9.0} ms", gateway.cpu() * 1e3);
    println!("  resident                         {:>9.1} MB", gateway.resident());
    searches(&probe, tools).await;
    println!("  resident after the searches      {:>9.1} MB", gateway.resident());
    for round in 0..RELOADS {
        edit(folder.path(), round % tools, &mark("reload", round));
        probe.until_first(&mark("reload", round), &name(round % tools)).await;
    }
    println!("  resident after {RELOADS} reloads        {:>9.1} MB", gateway.resident());
    changes(&probe, folder.path(), tools).await;
    checkout(&probe, folder.path(), tools).await;
    println!("  resident in the end              {:>9.1} MB", gateway.resident());
}

async fn searches(probe: &Probe<'_>, tools: usize) {
    for number in 0..100 {
        probe.best(&query(number, tools)).await;
    }
    let (cpu, mut times) = (probe.gateway.cpu(), Vec::with_capacity(SEARCHES));
    for number in 0..SEARCHES {
        let query = query(number * 7, tools);
        let start = Instant::now();
        probe.best(&query).await;
        times.push(start.elapsed());
    }
    let cpu = (probe.gateway.cpu() - cpu) * 1e3 / count(SEARCHES);
    println!("  a search: CPU with its request   {cpu:>9.2} ms");
    print_times("a search: p50, p99, most", times);
}

async fn changes(probe: &Probe<'_>, folder: &Path, tools: usize) {
    let (mut edits, mut additions, mut removals, mut apis) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..CHANGES {
        let number = (round * 7919) % tools;
        let start = Instant::now();
        edit(folder, number, &mark("edit", round));
        probe.until_first(&mark("edit", round), &name(number)).await;
        edits.push(start.elapsed());

        let path = folder.join(format!("capabilities/added_{round}.yaml"));
        let start = Instant::now();
        write(&path, &stand_alone(round));
        probe.until_first(&mark("added", round), &format!("added_{round}")).await;
        additions.push(start.elapsed());

        let start = Instant::now();
        fs::remove_file(&path).unwrap();
        while probe.best(&mark("added", round)).await == format!("added_{round}") {
            tokio::time::sleep(PAUSE).await;
        }
        removals.push(start.elapsed());

        let path = folder.join("capabilities").join(api(number)).join("api.yaml");
        let start = Instant::now();
        write(&path, &api_definition(number).replace("Everything about", &format!("{} is about", mark("api", round))));
        while !probe.best(&mark("api", round)).await.starts_with(&api(number)) {
            tokio::time::sleep(PAUSE).await;
        }
        apis.push(start.elapsed());
    }
    print_times("an edit is found: p50, p99, most", edits);
    print_times("an addition is found", additions);
    print_times("a removal is gone", removals);
    print_times("an edited api's tools are found", apis);
}

/// Many files at once, as a switch of branches writes them, in place and one after the other.
async fn checkout(probe: &Probe<'_>, folder: &Path, tools: usize) {
    let changed = tools.min(1_000);
    let before = probe.generation().await;
    let start = Instant::now();
    for number in 0..changed {
        fs::write(path(folder, number), definition(number, "branchmark")).unwrap();
    }
    let written = start.elapsed();
    probe.until_all("branchmark", changed).await;
    println!(
        "  {changed} files written in {:.0} ms: all found after {:.0} ms, {} snapshots",
        written.as_secs_f64() * 1e3,
        start.elapsed().as_secs_f64() * 1e3,
        probe.generation().await - before
    );
}

/// How long is waited before looking again.
const PAUSE: Duration = Duration::from_millis(1);

struct Probe<'a> {
    client: reqwest::Client,
    gateway: &'a Gateway,
}

impl Probe<'_> {
    async fn search(&self, query: &str) -> Value {
        let text = call(&self.client, &self.gateway.url, "gateway_search_tools", json!({"query": query})).await;
        // An event stream has something before and after it.
        let message = text.find('{').zip(text.rfind('}')).and_then(|(from, to)| text.get(from..=to)).unwrap_or("null");
        let message: Value = serde_json::from_str(message).unwrap();
        message["result"]["structuredContent"].clone()
    }

    async fn best(&self, query: &str) -> String {
        let reply = self.search(query).await;
        reply["matches"][0]["tool"].as_str().unwrap_or_default().to_owned()
    }

    async fn until_first(&self, query: &str, tool: &str) {
        let start = Instant::now();
        while self.best(query).await != tool {
            assert!(start.elapsed() < Duration::from_secs(60), "`{tool}` is not found by `{query}`");
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn until_all(&self, query: &str, number: usize) {
        while self.search(query).await["total"].as_u64() != Some(number as u64) {
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn generation(&self) -> u64 {
        let url = self.gateway.url.replace("/mcp", "/health");
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let health: Value = serde_json::from_str(&text).unwrap();
        health["generation"].as_u64().unwrap()
    }
}

fn print_times(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!("  {what:<32} {:>9.2} {:.2} {:.2} ms", at(50), at(99), at(100));
}

fn write_tools(folder: &Path, tools: usize) {
    for number in 0..tools {
        let api = folder.join(api(number));
        if number.is_multiple_of(TOOLS_OF_AN_API) {
            fs::create_dir_all(&api).unwrap();
            fs::write(api.join("api.yaml"), api_definition(number)).unwrap();
        }
        fs::write(api.join(format!("{}.yaml", local_name(number))), definition(number, "")).unwrap();
    }
}

/// Replaces a file at once, as editors do.
fn write(path: &Path, text: &str) {
    let beside = path.with_extension("swp");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

fn edit(folder: &Path, number: usize, mark: &str) {
    write(&path(folder, number), &definition(number, mark));
}

fn path(folder: &Path, number: usize) -> PathBuf {
    folder.join("capabilities").join(api(number)).join(format!("{}.yaml", local_name(number)))
}

fn api(number: usize) -> String {
    let at = number / TOOLS_OF_AN_API;
    format!("{}{}", word(&TOPICS, at), at)
}

fn local_name(number: usize) -> String {
    format!("{}_{}_{}", word(&VERBS, number), word(&NOUNS, number / 7), number)
}

fn name(number: usize) -> String {
    format!("{}__{}", api(number), local_name(number))
}

/// No other tool has the number.
fn title(number: usize) -> String {
    format!("{} {} {number}", word(&VERBS, number), word(&NOUNS, number / 7))
}

fn query(number: usize, tools: usize) -> String {
    let number = number % tools;
    format!(
        "please {} the {} with its {} in {}",
        word(&VERBS, number),
        word(&NOUNS, number / 7),
        word(&PARTS, number / 3),
        word(&TOPICS, number / TOOLS_OF_AN_API)
    )
}

fn api_definition(number: usize) -> String {
    format!(
        "version: 1\nkind: api\nname: {0}\ntitle: {0} service\ndescription: Everything about {1} and its {2}s.\n\
         server: https://{0}.example.com\nauth: {{bearer: \"{{{{ secret.{3}_TOKEN }}}}\"}}\n",
        api(number),
        word(&TOPICS, number / TOOLS_OF_AN_API),
        word(&NOUNS, number / 11),
        api(number).to_uppercase(),
    )
}

fn definition(number: usize, mark: &str) -> String {
    let (noun, part) = (word(&NOUNS, number / 7), word(&PARTS, number / 3));
    let other = word(&PARTS, number / 5 + 4);
    format!(
        "version: 1\nkind: capability\nname: {local}\napi: {api}\ntitle: {title}\n\
         description: >-\n  {verb} a {noun} of the {topic} service, with its {part} and {other}. {mark}\n  \
         Use it when the {noun} is known by its number; the {part} is optional, and the\n  {other} is kept as it is.\n\
         tags: [{topic}, {noun}]\n\
         input:\n  type: object\n  additionalProperties: false\n  required: [{noun}_id]\n  properties:\n    \
         {noun}_id: {{type: integer, description: The number of the {noun}., minimum: 1}}\n    \
         {part}: {{type: string, description: The {part} of the {noun}., maxLength: 200}}\n    \
         {other}s: {{type: array, items: {{type: string}}, description: Every {other} to look at.}}\n    \
         page: {{type: integer, description: The page of results., minimum: 1, default: 1}}\n    \
         order: {{type: string, enum: [asc, desc], description: The direction of sorting.}}\n\
         request:\n  method: GET\n  path: \"/{noun}s/{{{{ {noun}_id }}}}\"\n  query:\n    {part}: \"{{{{ {part} }}}}\"\n    \
         {other}s: \"{{{{ {other}s }}}}\"\n    page: \"{{{{ page }}}}\"\n    order: \"{{{{ order }}}}\"\n\
         response:\n  schema:\n    type: object\n    properties:\n      id: {{type: integer, description: The number.}}\n      \
         {part}: {{type: string, description: The {part}.}}\n      created_at: {{type: string, format: date-time}}\n",
        local = local_name(number),
        api = api(number),
        title = title(number),
        verb = word(&VERBS, number),
        topic = word(&TOPICS, number / TOOLS_OF_AN_API),
    )
}

fn stand_alone(round: usize) -> String {
    format!(
        "version: 1\nkind: capability\nname: added_{round}\nserver: https://added.example.com\n\
         description: Shows what was added, {}.\ninput: {{type: object, properties: {{}}}}\n\
         request: {{method: GET, path: /added}}\n",
        mark("added", round)
    )
}

/// A word that is nowhere else. Digits would be words of their own.
fn mark(what: &str, round: usize) -> String {
    let letters = round.to_string().bytes().map(|digit| char::from(b'b' + 2 * (digit - b'0'))).collect::<String>();
    format!("{what}mark{letters}")
}

fn word(words: &[&'static str], at: usize) -> &'static str {
    words[at % words.len()]
}

const VERBS: [&str; 7] = ["list", "show", "create", "update", "delete", "archive", "export"];
const NOUNS: [&str; 24] = [
    "invoice",
    "customer",
    "ticket",
    "order",
    "shipment",
    "branch",
    "commit",
    "message",
    "channel",
    "payment",
    "contract",
    "employee",
    "vehicle",
    "booking",
    "sensor",
    "playlist",
    "recipe",
    "document",
    "folder",
    "campaign",
    "meeting",
    "warehouse",
    "patient",
    "lesson",
];
const PARTS: [&str; 20] = [
    "status",
    "owner",
    "label",
    "address",
    "currency",
    "priority",
    "comment",
    "attachment",
    "deadline",
    "summary",
    "colour",
    "location",
    "language",
    "version",
    "signature",
    "rating",
    "discount",
    "history",
    "schedule",
    "budget",
];
const TOPICS: [&str; 16] = [
    "billing",
    "support",
    "logistics",
    "source",
    "chat",
    "travel",
    "health",
    "music",
    "kitchen",
    "school",
    "energy",
    "marketing",
    "security",
    "storage",
    "weather",
    "banking",
];
