//! Several writers disturb five hundred files while agents search and call without a pause.
//!
//! What a correct file explains must work all the time: a tool whose file is only ever edited is found
//! and answers, in a form not older than the one it had before. In the end all is as if the gateway had
//! just been started. `CAP_CHAOS_SECONDS` sets how long it lasts.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::Uri;
use serde_json::{Value, json};

use super::served::{Agent, Served};
use super::support::Sandbox;
use super::tool;

const TOOLS: usize = 500;
/// The first of them are edited, and never without a correct form for long; the others also vanish.
const ALWAYS_THERE: usize = 200;
const WRITERS: usize = 4;
const AGENTS: usize = 8;

/// What the writers wrote, for those who look.
struct World {
    root: PathBuf,
    server: String,
    over: AtomicBool,
    /// The number of the last edit of each tool that was begun.
    begun: Vec<AtomicU64>,
    /// The number of the last edit of each tool that was ended.
    ended: Vec<AtomicU64>,
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_ends_in_order() {
    let seconds = std::env::var("CAP_CHAOS_SECONDS").ok().and_then(|it| it.parse().ok()).unwrap_or(8);
    let sandbox = Sandbox::new();
    let world = Arc::new(World::new(&sandbox, echo().await));
    let served = Served::start(&sandbox, &[]);
    let start = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let world = Arc::clone(&world);
            thread::spawn(move || Writer::new(writer).disturb(&world))
        })
        .collect();
    let mut agents = Vec::new();
    for number in 0..AGENTS {
        agents.push(tokio::spawn(look(served.connect().await, Arc::clone(&world), number)));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    world.over.store(true, Ordering::SeqCst);
    let finally: BTreeMap<usize, Option<u64>> =
        tokio::task::spawn_blocking(|| writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect())
            .await
            .unwrap();
    let last_write = Instant::now();
    let mut looks = 0;
    for agent in agents {
        looks += agent.await.unwrap();
    }
    let agent = served.connect().await;
    settle(&agent, &finally).await;
    println!("{looks} looks in {:?}; in order {:?} after the last write", start.elapsed(), last_write.elapsed());
    let fresh = Served::start(&sandbox, &[]);
    let fresh_agent = fresh.connect().await;
    for query in ["chaos", "tool 7", "number 13 of the chaos", "tool_499", "edits"] {
        let search = json!({"query": query, "limit": 50});
        let (old, new) = (
            agent.call("gateway_search_tools", search.clone()).await,
            fresh_agent.call("gateway_search_tools", search).await,
        );
        assert_eq!(old["structuredContent"], new["structuredContent"], "{query}");
    }
    let (old, new) = (served.health().await, fresh.health().await);
    for key in ["status", "tools", "quarantined", "problems", "unpinned"] {
        assert_eq!(old[key], new[key], "{key}: {old} {new}");
    }
}

/// Answers with the path that was asked for.
async fn echo() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(|uri: Uri| async move { uri.path().to_owned() });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Searches and calls until it is over; gives how often.
async fn look(agent: Agent, world: Arc<World>, number: usize) -> usize {
    let mut seen = BTreeMap::new();
    let mut looks = 0;
    while !world.over.load(Ordering::SeqCst) {
        let at = (looks * 31 + number * 17) % ALWAYS_THERE;
        let name = format!("tool_{at}");
        let result = agent.call("gateway_invoke", json!({"tool": name, "arguments": {}})).await;
        let latest = world.begun[at].load(Ordering::SeqCst);
        assert_ne!(result["isError"], true, "{result}");
        let edit = edit_of(&result, at);
        assert!(edit <= latest, "{name} answers with edit {edit}, and {latest} was the last");
        let before = seen.insert(at, edit).unwrap_or_default();
        assert!(edit >= before, "{name} went back from edit {before} to {edit}");
        let found = agent.found(&name, &name).await;
        assert!(found.is_some(), "{name} is not found by its name");
        looks += 1;
    }
    looks
}

/// The number of the edit in the path that the server was asked for.
fn edit_of(result: &Value, at: usize) -> u64 {
    let text = result["content"][0]["text"].as_str().unwrap();
    let edit = text.strip_prefix(&format!("/{at}/")).and_then(|rest| rest.parse().ok());
    edit.unwrap_or_else(|| panic!("the server was asked for {text:?}"))
}

/// Waits until every tool is as its file is.
async fn settle(agent: &Agent, finally: &BTreeMap<usize, Option<u64>>) {
    let start = Instant::now();
    for (at, wanted) in finally {
        loop {
            let result = agent.call("gateway_invoke", json!({"tool": format!("tool_{at}"), "arguments": {}})).await;
            let found = (result["isError"] != true).then(|| edit_of(&result, *at));
            if found == *wanted {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "tool_{at}: {found:?} and not {wanted:?}: {result}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl World {
    fn new(sandbox: &Sandbox, server: String) -> Self {
        let root = sandbox.path().join("capabilities");
        let world = Self {
            root,
            server,
            over: AtomicBool::new(false),
            begun: (0..TOOLS).map(|_| AtomicU64::new(0)).collect(),
            ended: (0..TOOLS).map(|_| AtomicU64::new(0)).collect(),
        };
        for at in 0..TOOLS {
            let path = world.path(at, false);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::create_dir_all(world.path(at, true).parent().unwrap()).unwrap();
            fs::write(path, world.text(at, 0)).unwrap();
        }
        world
    }

    /// Where a tool's file stands, or where it is moved to.
    fn path(&self, at: usize, moved: bool) -> PathBuf {
        let folder = if moved { "elsewhere" } else { "here" };
        self.root.join(folder).join((at % 10).to_string()).join(format!("{at}.yaml"))
    }

    fn text(&self, at: usize, edit: u64) -> String {
        let description = format!("Number {at} of the chaos after {edit} edits");
        tool(&format!("tool_{at}"), &self.server, &format!("/{at}/{edit}"), &description)
    }
}

/// Disturbs the files of its share, by chance that is always the same.
struct Writer {
    writer: usize,
    state: u64,
    /// Whether a file stands in its other folder, or nowhere.
    places: BTreeMap<usize, Place>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Here,
    Elsewhere,
    Gone,
}

impl Writer {
    fn new(writer: usize) -> Self {
        Self { writer, state: writer as u64 + 1, places: BTreeMap::new() }
    }

    fn drawn(&mut self, below: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap() % below
    }

    /// Gives the edit that each of its tools has in the end, if it is there.
    fn disturb(mut self, world: &World) -> BTreeMap<usize, Option<u64>> {
        while !world.over.load(Ordering::SeqCst) {
            let at = self.drawn(TOOLS / WRITERS) * WRITERS + self.writer;
            match self.places.get(&at).copied().unwrap_or(Place::Here) {
                Place::Gone => self.restore(world, at),
                Place::Here => self.change(world, at, false),
                Place::Elsewhere => self.change(world, at, true),
            }
            if self.drawn(4) == 0 {
                thread::sleep(Duration::from_millis(self.drawn(20) as u64));
            }
        }
        let mine = (0..TOOLS).filter(|at| at % WRITERS == self.writer);
        let is_there = |at: &usize| self.places.get(at) != Some(&Place::Gone);
        mine.map(|at| (at, is_there(&at).then(|| world.ended[at].load(Ordering::SeqCst)))).collect()
    }

    fn change(&mut self, world: &World, at: usize, moved: bool) {
        let path = world.path(at, moved);
        match self.drawn(8) {
            0 | 1 => edit(world, at, |text| fs::write(&path, text).unwrap()),
            2 | 3 => edit(world, at, |text| replace(&path, text)),
            4 => edit(world, at, |text| in_halves(&path, text)),
            5 => {
                fs::write(&path, "version: 1\nkind: capability\nname: [").unwrap();
                thread::sleep(Duration::from_millis(5));
                edit(world, at, |text| fs::write(&path, text).unwrap());
            }
            6 if at >= ALWAYS_THERE => {
                fs::remove_file(&path).unwrap();
                self.places.insert(at, Place::Gone);
            }
            7 if at >= ALWAYS_THERE => {
                fs::rename(&path, world.path(at, !moved)).unwrap();
                self.places.insert(at, if moved { Place::Here } else { Place::Elsewhere });
            }
            _ => {}
        }
    }

    fn restore(&mut self, world: &World, at: usize) {
        let path = world.path(at, false);
        edit(world, at, |text| replace(&path, text));
        self.places.insert(at, Place::Here);
    }
}

fn edit(world: &World, at: usize, write: impl Fn(&str)) {
    let edit = world.begun[at].fetch_add(1, Ordering::SeqCst) + 1;
    write(&world.text(at, edit));
    world.ended[at].store(edit, Ordering::SeqCst);
}

fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("tmp");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

fn in_halves(path: &Path, text: &str) {
    let mut file = File::create(path).unwrap();
    let (first, second) = text.as_bytes().split_at(text.len() / 2);
    file.write_all(first).unwrap();
    thread::sleep(Duration::from_millis(3));
    file.write_all(second).unwrap();
}
