//! Public retrieval sets as tools and queries, and how well a search does on one. A test and a bench
//! use it.

#![allow(dead_code, reason = "the test and the bench each use their part")]

#[path = "../support/sample.rs"]
mod sample;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_compiler::capability::{Capability, Server, ServerName};
use cap_compiler::pin::Pin;
use cap_runtime::execute::Prepared;
use cap_runtime::registry::{Caller, Contents, FileDigests, RegisteredTool, SearchRequest, Snapshot, View};
use serde_json::Value;

/// The sets that means are taken over.
pub(crate) const GATED: [&str; 4] = ["stabletoolbench", "bfcl", "metatool", "sealtools"];
/// Sets that are too small to hold a search to.
pub(crate) const SHOWN: [&str; 2] = ["livemcpbench", "livemcp-steps"];

/// How well a search does, as means over queries.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) recall_at_1: f64,
    pub(crate) recall_at_5: f64,
    pub(crate) ndcg_at_10: f64,
    pub(crate) mrr: f64,
}

/// A set that is ready to be searched.
pub(crate) struct Set {
    pub(crate) snapshot: Snapshot,
    /// Which of the set's identifiers each tool's name stands for.
    ids: BTreeMap<String, String>,
    /// Queries with the identifiers of the tools that answer them.
    queries: Vec<(String, Vec<String>)>,
}

/// The folder of the sets, where the environment names it.
#[must_use]
pub(crate) fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("CAP_SHARED")?;
    Some(PathBuf::from(shared).join("retrieval"))
}

impl Set {
    #[must_use]
    pub(crate) fn read(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        let (contents, ids) = contents(&lines(&folder.join("tools.jsonl")));
        let snapshot = Snapshot::build(1, contents).unwrap();
        let queries = lines(&folder.join("queries.jsonl"));
        Self { snapshot, ids, queries: queries.iter().map(|query| (text(query, "query"), relevant(query))).collect() }
    }

    /// The tools and queries of several sets as one, the tools `copies` times under other servers' names.
    #[must_use]
    pub(crate) fn read_all(folder: &Path, names: &[&str], copies: usize) -> Self {
        let (mut tools, mut queries) = (Vec::new(), Vec::new());
        for name in names {
            let folder = folder.join(name);
            let read = lines(&folder.join("tools.jsonl"));
            for copy in 0..copies {
                tools.extend(read.iter().map(|tool| {
                    let mut tool = tool.clone();
                    tool["server"] = format!("{}{copy}", text(&tool, "server")).into();
                    tool
                }));
            }
            queries.extend(lines(&folder.join("queries.jsonl")).iter().map(|it| (text(it, "query"), relevant(it))));
        }
        let (contents, ids) = contents(&tools);
        drop(tools);
        Self { snapshot: Snapshot::build(1, contents).unwrap(), ids, queries }
    }

    /// Searches for every query, and how long each search took.
    #[must_use]
    pub(crate) fn measure(&self) -> (Figures, Vec<Duration>) {
        let (mut sum, mut times) = (Figures::default(), Vec::with_capacity(self.queries.len()));
        for (query, relevant) in &self.queries {
            let request = SearchRequest { query: query.clone(), limit: Some(10), ..SearchRequest::default() };
            let start = Instant::now();
            let reply = View::of(&self.snapshot, Caller::Anyone).search(&request);
            times.push(start.elapsed());
            let found = reply.matches.iter().map(|found| &self.ids[&found.tool]);
            let ranks = (0..).zip(found).filter(|(_, id)| relevant.contains(id)).map(|(rank, _)| rank);
            sum.add(&Figures::of(&ranks.collect::<Vec<usize>>(), relevant.len()));
        }
        (sum.over(self.queries.len()), times)
    }
}

impl Figures {
    /// For one query: the ranks of the relevant tools that were found, and how many there are.
    fn of(ranks: &[usize], relevant: usize) -> Self {
        let recall = |within: usize| count(ranks.iter().filter(|rank| **rank < within).count()) / count(relevant);
        let ideal: f64 = (0..relevant.min(10)).map(gain).sum();
        Self {
            recall_at_1: recall(1),
            recall_at_5: recall(5),
            ndcg_at_10: ranks.iter().copied().map(gain).sum::<f64>() / ideal,
            mrr: ranks.first().map_or(0.0, |rank| 1.0 / count(rank + 1)),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.recall_at_1 += other.recall_at_1;
        self.recall_at_5 += other.recall_at_5;
        self.ndcg_at_10 += other.ndcg_at_10;
        self.mrr += other.mrr;
    }

    #[must_use]
    pub(crate) fn over(self, number: usize) -> Self {
        let by = 1.0 / count(number);
        Self {
            recall_at_1: self.recall_at_1 * by,
            recall_at_5: self.recall_at_5 * by,
            ndcg_at_10: self.ndcg_at_10 * by,
            mrr: self.mrr * by,
        }
    }
}

fn relevant(query: &Value) -> Vec<String> {
    query["relevant"].as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn gain(rank: usize) -> f64 {
    1.0 / (count(rank) + 2.0).log2()
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn count(number: usize) -> f64 {
    number as f64
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The tools of a set, and which of its identifiers each name stands for.
fn contents(tools: &[Value]) -> (Contents, BTreeMap<String, String>) {
    let mut ids = BTreeMap::new();
    let mut contents = Contents::default();
    for tool in tools {
        let server = text(tool, "server");
        let mut name = format!("{server}__{}", text(tool, "name"));
        while ids.contains_key(&name) {
            name.push('_');
        }
        ids.insert(name.clone(), text(tool, "id"));
        let description = Some(text(tool, "server_description")).filter(|text| !text.is_empty());
        if description.is_some() && !contents.servers.iter().any(|known| known.name.as_str() == server) {
            let name = ServerName(server.clone());
            contents.servers.push(Arc::new(Server { name, title: None, description }));
        }
        let prepared = Arc::new(Prepared::new(Arc::new(capability(&name, &server, tool))));
        contents.tools.push(RegisteredTool { prepared, pin: Pin::Unlisted, files: FileDigests::default() });
    }
    (contents, ids)
}

fn capability(name: &str, server: &str, tool: &Value) -> Capability {
    let tags = tool.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Capability {
        description: text(tool, "description"),
        tags: tags.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        input: (&tool.get("parameters").cloned().unwrap_or_default()).into(),
        ..sample::capability(server, name, sample::get("http://localhost", "/"))
    }
}
