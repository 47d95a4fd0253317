//! Looks through the files of clients for servers. One bad file or entry costs only itself.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use cap_compiler::diagnostic::{Code, Diagnostic, Place, Severity};
use cap_compiler::syntax::Pointer;
use serde_json::Value;

use super::config::{ConfigFile, Told, read};
use super::entries::{EntryFault, declared, names_env_file, tables};
use super::gateway::Gateway;
use super::{Client, Format, Surroundings};
use crate::upstreams::{Declared, Refusal};

/// Servers of one file that are looked at, and messages about one file: nobody has more, and a file may be
/// hostile.
const MOST_SERVERS: usize = 500;
const MOST_TOLD: usize = 20;

/// What clients' files say.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Servers, each once, with names that upstreams may have.
    pub(crate) servers: Vec<Found>,
    /// What there is to say about files and entries.
    pub(crate) told: Vec<Told>,
    /// Clients whose files have the gateway itself.
    pub(crate) own: Vec<(Client, PathBuf)>,
    /// The files that were there.
    pub(crate) files: Vec<(Client, PathBuf)>,
    /// Names that servers have, and those that others have.
    taken: BTreeSet<String>,
}

/// A server of a client's file.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) client: Client,
    pub(crate) declared: Declared,
    /// What the client's file calls it.
    pub(crate) original: String,
    /// Further clients that have it.
    pub(crate) also: Vec<Client>,
    /// Whether the client reads variables from a file.
    pub(crate) env_file: bool,
    at: At,
}

/// Where an entry stands.
#[derive(Clone, Debug)]
struct At {
    page: Rc<Page>,
    pointer: Pointer,
}

/// A file that is looked through.
#[derive(Debug)]
struct Page {
    file: ConfigFile,
    /// Its text as it may be shown, made when it is first needed.
    shown: OnceCell<Rc<str>>,
    told: Cell<usize>,
}

/// Looks through the files of some clients, those of the account and those of the project. No server gets a name
/// that is `taken`.
pub(crate) fn scan(
    clients: &[Client],
    surroundings: &Surroundings,
    gateway: &Gateway,
    taken: BTreeSet<String>,
) -> Scan {
    let mut scan = Scan { taken, ..Scan::default() };
    let mut seen = BTreeSet::new();
    for client in Client::ALL.into_iter().filter(|client| clients.is_empty() || clients.contains(client)) {
        for path in [surroundings.user_file(client), surroundings.project_file(client)].into_iter().flatten() {
            // In the home folder, the project's file is the account's.
            let place = path.canonicalize().unwrap_or_else(|_| path.clone());
            if !seen.insert((client, place)) {
                continue;
            }
            match read(client, &path) {
                Ok(None) => {}
                Ok(Some(file)) => {
                    let page = Page { file, shown: OnceCell::new(), told: Cell::new(0) };
                    scan.file(&Rc::new(page), gateway);
                }
                Err(told) => scan.told.push(*told),
            }
        }
    }
    scan
}

impl Scan {
    fn file(&mut self, page: &Rc<Page>, gateway: &Gateway) {
        let file = &page.file;
        self.files.push((file.client, file.path.clone()));
        let mut left = MOST_SERVERS;
        for (pointer, table) in tables(file.client, &file.tree) {
            let Some(entries) = table.as_object() else {
                let message = format!("`{}` is not a mapping of servers", file.client.key());
                let fault = EntryFault { member: None, message, help: "correct the client's file" };
                self.told.extend(page.told(&pointer, Code::WRONG_TYPE, &fault));
                continue;
            };
            for (name, entry) in entries.iter().take(left) {
                self.entry(page, pointer.child(name.as_str()), name, entry, gateway);
            }
            if entries.len() > left {
                let message = format!("only {MOST_SERVERS} servers of a file are looked at");
                let fault = EntryFault { member: None, message, help: "" };
                self.told.extend(page.told(&pointer, Code::TEXT_LIMIT, &fault));
            }
            left = left.saturating_sub(entries.len());
        }
    }

    fn entry(&mut self, page: &Rc<Page>, pointer: Pointer, name: &str, entry: &Value, gateway: &Gateway) {
        let file = &page.file;
        let read = match declared(file.client, name, entry) {
            Ok(read) => read,
            Err(fault) => return self.told.extend(page.told(&pointer, Code::INVALID_VALUE, &fault)),
        };
        if gateway.is_reached_by(&read.reach) {
            return self.own.push((file.client, file.path.clone()));
        }
        if let Some(known) = self.servers.iter_mut().find(|known| is_same(known, &read, name)) {
            if known.client != file.client && !known.also.contains(&file.client) {
                known.also.push(file.client);
            }
            return;
        }
        let own = upstream_name(name);
        let candidates = std::iter::once(own.clone())
            .chain(std::iter::once(joined(&own, file.client.id())))
            .chain((2..).map(|number: u32| joined(&own, &number.to_string())));
        let name_of_file = candidates.into_iter().find(|wanted| !self.taken.contains(wanted)).unwrap_or(own);
        self.taken.insert(name_of_file.clone());
        self.servers.push(Found {
            client: file.client,
            declared: Declared { name: name_of_file, ..read },
            original: name.to_owned(),
            also: Vec::new(),
            env_file: names_env_file(entry),
            at: At { page: Rc::clone(page), pointer },
        });
    }
}

impl Found {
    /// A refusal of this server, at its place in the client's file.
    pub(crate) fn refused(&self, refusal: &Refusal) -> Option<Told> {
        let fault = EntryFault { member: None, message: refusal.message.clone(), help: "" };
        let mut told = self.at.page.told(&self.at.pointer, refusal.code, &fault)?;
        told.diagnostic.primary.text.clone_from(&refusal.label);
        told.diagnostic.help = Some(refusal.help.clone());
        Some(told)
    }
}

/// The same server, under the same name or with the same values.
fn is_same(known: &Found, read: &Declared, name: &str) -> bool {
    let values = |declared: &Declared| (declared.headers.clone(), declared.env.clone(), declared.query.clone());
    known.declared.reach == read.reach && (known.original == name || values(&known.declared) == values(read))
}

impl Page {
    /// Something to say about a place of the file, unless enough was said.
    fn told(&self, pointer: &Pointer, code: Code, fault: &EntryFault) -> Option<Told> {
        let count = self.told.replace(self.told.get() + 1);
        if count >= MOST_TOLD {
            return None;
        }
        let client = self.file.client;
        let name = pointer.tokens().last().map(String::as_str).unwrap_or_default();
        let message = format!("`{}` of {} is passed over: {}", printable(name), client.title(), fault.message);
        let mut diagnostic = Diagnostic::new(code, message, self.place(pointer, name, fault.member));
        diagnostic.severity = Severity::Warning;
        if !fault.help.is_empty() {
            diagnostic = diagnostic.help(fault.help);
        }
        if count + 1 == MOST_TOLD {
            diagnostic = diagnostic.note("nothing more is said about this file");
        }
        Some(Told { diagnostic, text: Rc::clone(self.shown.get_or_init(|| self.file.shown())) })
    }

    fn place(&self, pointer: &Pointer, name: &str, member: Option<&'static str>) -> Place {
        let source = self.file.source();
        match (self.file.client.format(), member) {
            (Format::Json, Some(member)) => Place::key(&source, pointer.child(member)),
            (Format::Json, None) => Place::key(&source, pointer.clone()),
            (Format::Toml, _) => match table_line(&self.file.text, name) {
                Some(bytes) => Place::bytes(&source, bytes),
                None => Place::file(&source),
            },
        }
    }
}

/// The line that opens the table of a server.
fn table_line(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') && line.contains(name) {
            return Some(at..at + line.trim_end().len());
        }
        at += line.len();
    }
    None
}

/// A name of a client's file as it may be printed.
pub(crate) fn printable(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(80).collect();
    if clean.chars().count() < name.chars().count() { format!("{clean}…") } else { clean }
}

/// The name that an upstream may have, for any name.
fn upstream_name(name: &str) -> String {
    let mut clean = String::new();
    for c in name.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        if clean.len() < 40 && !(c == '_' && clean.ends_with('_')) {
            clean.push(c);
        }
    }
    let clean = clean.trim_matches(['_', '-']);
    if clean.is_empty() { "server".to_owned() } else { clean.to_owned() }
}

fn joined(name: &str, suffix: &str) -> String {
    let room = 48_usize.saturating_sub(suffix.len() + 1);
    format!("{}_{suffix}", name.get(..room).unwrap_or(name).trim_end_matches('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_upstreams() {
        for (name, own) in [
            ("github", "github"),
            ("../../etc/passwd", "etc_passwd"),
            ("My Server (1)", "My_Server_1"),
            ("a__b", "a_b"),
            ("\u{1b}[31m", "31m"),
            ("日本", "server"),
            ("", "server"),
        ] {
            assert_eq!(upstream_name(name), own, "{name}");
        }
        assert!(joined(&upstream_name(&"x".repeat(99)), "claude-desktop").len() <= 48);
    }
}
