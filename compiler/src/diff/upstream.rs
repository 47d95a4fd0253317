//! Upstreams: how they are reached, what they run with, and which of their tools are served.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::code::ChangeCode;
use super::first::{self, Known};
use super::reach;
use super::request::path;
use super::sent::origin;
use super::side::{ApprovedUpstream, Side};
use crate::capability::{HttpCall, NewTools, Program, Upstream, UpstreamTransport};
use crate::diagnostic::Place;
use crate::syntax::Pointer;

/// How the upstreams of two sets differ; their tools are compared like any others.
pub(super) fn compare(old: &Side, new: &Side, known: &Known) -> Vec<Change> {
    let by_name = |side: &'_ Side| -> BTreeMap<String, ApprovedUpstream> {
        side.upstreams.iter().map(|it| (it.upstream.name().as_str().to_owned(), it.clone())).collect()
    };
    let (before, after) = (by_name(old), by_name(new));
    let mut changes = Vec::new();
    for (name, upstream) in &after {
        let now = &upstream.upstream;
        match before.get(name) {
            None => changes.extend(added(now, known)),
            Some(was) if was.upstream == *now => {}
            Some(was) => changes.extend(of_one(&was.upstream, now)),
        }
    }
    for (name, upstream) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
        changes.push(Change {
            code: ChangeCode::UPSTREAM_REMOVED,
            subject: name.clone(),
            sentence: "the upstream is gone".to_owned(),
            texts: None,
            old: Some(Place::file(&upstream.upstream.source)),
            new: None,
        });
    }
    changes
}

fn added(upstream: &Upstream, known: &Known) -> Vec<Change> {
    let change = |code, sentence| Change {
        code,
        subject: upstream.name().as_str().to_owned(),
        sentence,
        texts: None,
        old: None,
        new: Some(Place::file(&upstream.source)),
    };
    let mut changes =
        vec![change(ChangeCode::UPSTREAM_ADDED, format!("the upstream is new and reached {}", way(upstream)))];
    let secrets: BTreeSet<String> = match &upstream.transport {
        UpstreamTransport::Http(door) | UpstreamTransport::Sse(door) => {
            door.call.http().into_iter().flat_map(|call| call.secrets()).map(|name| name.0.clone()).collect()
        }
        UpstreamTransport::Stdio(program) => program.secrets().map(|name| name.0.clone()).collect(),
    };
    for name in secrets {
        let code = if known.has_secret(&name) { ChangeCode::SECRET_ELSEWHERE } else { ChangeCode::SECRET_NAMED };
        changes.push(change(code, format!("it is given the secret `{name}`")));
    }
    let door = upstream.door().and_then(|door| door.call.http());
    let reached = door.map(|call| first::reached(call, known)).unwrap_or_default();
    // Its address and its secrets are told above.
    let told = [ChangeCode::SERVER_CHANGED, ChangeCode::SECRET_NAMED, ChangeCode::SECRET_ELSEWHERE];
    changes.extend(reached.into_iter().filter(|(code, _)| !told.contains(code)).map(|(code, it)| change(code, it)));
    if upstream.new_tools == NewTools::Serve {
        let sentence = "its tools are served without anybody's approval".to_owned();
        changes.push(change(ChangeCode::EXPOSURE_WIDENED, sentence));
    }
    changes
}

/// How an upstream is reached, in a few words.
fn way(upstream: &Upstream) -> String {
    match &upstream.transport {
        UpstreamTransport::Http(door) | UpstreamTransport::Sse(door) => {
            let server = door.call.http().map(|call| origin(&call.server));
            format!("at `{}`", server.unwrap_or_default())
        }
        UpstreamTransport::Stdio(program) => format!("as the program `{}`", command(program)),
    }
}

fn command(program: &Program) -> String {
    super::schema::shown_text(&program.command.join(" "))
}

fn of_one(old: &Upstream, new: &Upstream) -> Vec<Change> {
    let mut found: Vec<reach::Found> = Vec::new();
    match (&old.transport, &new.transport) {
        (UpstreamTransport::Http(was), UpstreamTransport::Http(is))
        | (UpstreamTransport::Sse(was), UpstreamTransport::Sse(is)) => {
            if let (Some(was), Some(is)) = (was.call.http(), is.call.http()) {
                found.extend(reach::of_calls(was, is));
                found.extend(of_doors(was, is));
            }
        }
        (UpstreamTransport::Stdio(was), UpstreamTransport::Stdio(is)) => found.extend(of_programs(was, is)),
        _ => {
            let sentence = format!("it is reached {}; it was reached {}", way(new), way(old));
            found.push((ChangeCode::TRANSPORT_CHANGED, sentence, "transport"));
        }
    }
    if found.is_empty() && is_reached_otherwise(old, new) {
        let sentence = "something of how it is reached is another, which is not told apart".to_owned();
        found.push((ChangeCode::TRANSPORT_CHANGED, sentence, "transport"));
    }
    found.extend(of_exposure(old, new));
    if old.limits != new.limits || (old.sessions, old.connect) != (new.sessions, new.connect) {
        found.push((ChangeCode::LIMITS_CHANGED, "its limits or sessions are others".to_owned(), "limits"));
    }
    let place = |upstream: &Upstream, at: &str| Place::key(&upstream.source, Pointer::of([at]));
    let change = |(code, sentence, at): reach::Found| Change {
        code,
        subject: new.name().as_str().to_owned(),
        sentence,
        texts: None,
        old: Some(place(old, at)),
        new: Some(place(new, at)),
    };
    found.into_iter().map(change).collect()
}

/// Whether anything of the way to an upstream differs; the words about it do not count.
fn is_reached_otherwise(old: &Upstream, new: &Upstream) -> bool {
    match (&old.transport, &new.transport) {
        (UpstreamTransport::Http(was), UpstreamTransport::Http(is))
        | (UpstreamTransport::Sse(was), UpstreamTransport::Sse(is)) => was.call != is.call,
        (was, is) => was != is,
    }
}

/// Where an upstream is reached below its origin, and what is sent with every message.
fn of_doors(old: &HttpCall, new: &HttpCall) -> Vec<reach::Found> {
    let mut found = Vec::new();
    let (was, is) = (origin(&old.server), origin(&new.server));
    if was == is && path(old) != path(new) {
        let sentence = format!("it is reached at `{is}{}`; it was `{was}{}`", path(new), path(old));
        found.push((ChangeCode::TRANSPORT_CHANGED, sentence, "transport"));
    }
    for header in &new.headers {
        match old.headers.iter().find(|before| before.name == header.name) {
            Some(before) if before == header => {}
            Some(_) => found.push((ChangeCode::TRANSPORT_CHANGED, sentence(&header.name, "is another"), "headers")),
            None => found.push((ChangeCode::TRANSPORT_CHANGED, sentence(&header.name, "is sent"), "headers")),
        }
    }
    for header in old.headers.iter().filter(|it| !new.headers.iter().any(|now| now.name == it.name)) {
        found.push((ChangeCode::TRANSPORT_CHANGED, sentence(&header.name, "is no longer sent"), "headers"));
    }
    found
}

fn sentence(header: &str, what: &str) -> String {
    format!("the header `{header}` {what} with every message")
}

fn of_programs(old: &Program, new: &Program) -> Vec<reach::Found> {
    let mut found = Vec::new();
    if old.command != new.command {
        let sentence = format!("it runs `{}`; it ran `{}`", command(new), command(old));
        found.push((ChangeCode::PROGRAM_CHANGED, sentence, "transport"));
    }
    if old.directory != new.directory {
        let shown = |it: &Option<String>| it.clone().unwrap_or_else(|| "its own folder".to_owned());
        let sentence = format!("it runs in `{}`; it ran in `{}`", shown(&new.directory), shown(&old.directory));
        found.push((ChangeCode::PROGRAM_CHANGED, sentence, "transport"));
    }
    for (name, text) in &new.environment {
        match old.environment.get(name) {
            Some(was) if was == text => {}
            Some(_) => {
                found.push((ChangeCode::ENVIRONMENT_CHANGED, format!("`{name}` has another value"), "transport"));
            }
            None => found.push((ChangeCode::ENVIRONMENT_CHANGED, format!("`{name}` is set"), "transport")),
        }
    }
    for name in old.environment.keys().filter(|name| !new.environment.contains_key(*name)) {
        found.push((ChangeCode::ENVIRONMENT_CHANGED, format!("`{name}` is no longer set"), "transport"));
    }
    let names = |program: &Program| program.secrets().map(|name| name.0.clone()).collect::<BTreeSet<_>>();
    let (had, has) = (names(old), names(new));
    found.extend(
        has.difference(&had)
            .map(|name| (ChangeCode::SECRET_NAMED, format!("it is given the secret `{name}`"), "transport")),
    );
    found
}

fn of_exposure(old: &Upstream, new: &Upstream) -> Vec<reach::Found> {
    let mut found = Vec::new();
    match (old.new_tools, new.new_tools) {
        (NewTools::Hold, NewTools::Serve) => {
            let sentence = "its tools are served without anybody's approval".to_owned();
            found.push((ChangeCode::EXPOSURE_WIDENED, sentence, "new"));
        }
        (NewTools::Serve, NewTools::Hold) => {
            let sentence = "its tools wait for approval".to_owned();
            found.push((ChangeCode::REACH_REDUCED, sentence, "new"));
        }
        _ => {}
    }
    if old.exposed != new.exposed && new.exposed.is_within(&old.exposed) {
        let sentence = "fewer tools of it are served: its patterns are others".to_owned();
        found.push((ChangeCode::REACH_REDUCED, sentence, "deny"));
    } else if old.exposed != new.exposed {
        let sentence = "other tools of it are served: its patterns are others".to_owned();
        found.push((ChangeCode::EXPOSURE_WIDENED, sentence, "allow"));
    }
    match (old.paused, new.paused) {
        (true, false) => found.push((ChangeCode::EXPOSURE_WIDENED, "it is no longer paused".to_owned(), "paused")),
        (false, true) => found.push((ChangeCode::REACH_REDUCED, "it is paused".to_owned(), "paused")),
        _ => {}
    }
    found
}
