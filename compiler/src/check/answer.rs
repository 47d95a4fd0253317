//! Rules of the answer: what is kept of it, and how its pages are found.

use std::collections::BTreeSet;

use super::Report;
use super::filter::parse_filter;
use crate::definition::{CapabilityDefinition, PageStyle, PaginationDefinition};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::syntax::Pointer;

pub(super) fn check_answer(definition: &CapabilityDefinition, arguments: &BTreeSet<&str>, report: &mut Report<'_>) {
    check_shape(definition, report);
    check_cache(definition, report);
    if let Some(pagination) = &definition.pagination {
        check_keys(pagination, report);
        check_method(pagination, &definition.request.method, report);
        check_argument("argument", pagination.argument.as_deref(), arguments, report);
        check_argument("size", pagination.size.as_deref(), arguments, report);
    }
}

fn check_shape(definition: &CapabilityDefinition, report: &mut Report<'_>) {
    let root = Pointer::of(["response"]);
    for (index, path) in definition.response.fields.iter().enumerate() {
        if path.split('.').any(|name| name.trim().is_empty()) {
            let place = report.value(&root.child("fields").item(index));
            report.push(
                Diagnostic::new(Code::ANSWER_SHAPE, format!("`{path}` is no path to a member"), place)
                    .label("a name is missing here")
                    .help("write names with `.` between them, such as `owner.login`; lists need no sign"),
            );
        }
    }
    let Some(select) = &definition.response.select else { return };
    if let Err(fault) = parse_filter(select) {
        let place = report.value(&root.child("select"));
        report.push(
            Diagnostic::new(Code::ANSWER_SHAPE, "`select` is not a filter that can be run", place)
                .label(fault)
                .help("write a jq filter such as `.items[] | {id, name}`"),
        );
    }
    if !definition.response.fields.is_empty() {
        let place = report.key(&root.child("fields"));
        let other = report.key(&root.child("select"));
        report.push(
            Diagnostic::new(Code::ANSWER_SHAPE, "an answer is shaped in one way", place)
                .label("`fields` keeps members")
                .also(other, "`select` makes something else")
                .help("remove one of them"),
        );
    }
}

/// Only what asks and changes nothing has an answer that can be given again (RFC 9111, section 3).
fn check_cache(definition: &CapabilityDefinition, report: &mut Report<'_>) {
    let method = &definition.request.method;
    if definition.response.cache.is_none() || matches!(method.as_str(), "GET" | "HEAD") {
        return;
    }
    let place = report.key(&Pointer::of(["response", "cache"]));
    let sends = report.value(&Pointer::of(["request", "method"]));
    report.push(
        Diagnostic::new(Code::ANSWER_KEPT, format!("an answer to `{method}` cannot be kept"), place)
            .label("this has no effect")
            .also(sends, "only `GET` and `HEAD` ask without changing anything")
            .help("remove `cache`"),
    );
}

/// The keys that a style needs and those that it may have.
fn keys_of(style: PageStyle) -> (&'static [&'static str], &'static [&'static str]) {
    match style {
        PageStyle::Link => (&[], &["items", "size"]),
        PageStyle::Cursor => (&["argument"], &["next", "last_item", "items", "size", "more"]),
        PageStyle::Page => (&["argument"], &["items", "size", "start", "total", "more"]),
        PageStyle::Offset => (&["argument"], &["items", "size", "start", "total", "more"]),
        PageStyle::NextUrl => (&["next"], &["items", "size"]),
    }
}

fn check_keys(pagination: &PaginationDefinition, report: &mut Report<'_>) {
    let root = Pointer::of(["pagination"]);
    let style = pagination.style;
    let (needed, allowed) = keys_of(style);
    let said = said_keys(pagination);
    let wrong = |message: String, place, help: String| {
        Diagnostic::new(Code::PAGINATION_KEYS, message, place)
            .label(format!("pages of style `{}`", style.name()))
            .help(help)
    };
    for key in needed.iter().filter(|key| !said.contains(key)) {
        let place = report.value(&root.child("style"));
        report.push(wrong(format!("`pagination` has no `{key}`"), place, format!("add `{key}`")));
    }
    for key in said.iter().filter(|key| !needed.contains(key) && !allowed.contains(key)) {
        let place = report.key(&root.child(*key));
        let message = format!("`{key}` means nothing for `style: {}`", style.name());
        report.push(wrong(message, place, format!("remove `{key}`, or choose another style")));
    }
    if style == PageStyle::Cursor && pagination.next.is_some() == pagination.last_item.is_some() {
        let place = report.value(&root.child("style"));
        let message = "a cursor comes from one place".to_owned();
        report.push(wrong(message, place, "write either `next` or `last_item`".to_owned()));
    }
}

fn said_keys(pagination: &PaginationDefinition) -> Vec<&'static str> {
    let keys = [
        ("argument", pagination.argument.is_some()),
        ("next", pagination.next.is_some()),
        ("last_item", pagination.last_item.is_some()),
        ("items", pagination.items.is_some()),
        ("size", pagination.size.is_some()),
        ("start", pagination.start.is_some()),
        ("total", pagination.total.is_some()),
        ("more", pagination.more.is_some()),
    ];
    keys.into_iter().filter(|(_, said)| *said).map(|(key, _)| key).collect()
}

/// A URL of the server is fetched and nothing else: it says nothing of a body.
fn check_method(pagination: &PaginationDefinition, method: &str, report: &mut Report<'_>) {
    let by_url = matches!(pagination.style, PageStyle::Link | PageStyle::NextUrl);
    if !by_url || method == "GET" {
        return;
    }
    let place = report.value(&Pointer::of(["pagination", "style"]));
    let other = report.value(&Pointer::of(["request", "method"]));
    report.push(
        Diagnostic::new(Code::PAGINATION_KEYS, "the next page's URL is fetched with GET", place)
            .label("this style finds a URL")
            .also(other, "the request is another one")
            .help("choose a style with an `argument`, or remove `pagination`"),
    );
}

fn check_argument(key: &str, name: Option<&str>, arguments: &BTreeSet<&str>, report: &mut Report<'_>) {
    let Some(name) = name.filter(|name| !arguments.contains(name)) else { return };
    let place = report.value(&Pointer::of(["pagination", key]));
    let diagnostic = Diagnostic::new(Code::PAGINATION_ARGUMENT, format!("the input has no argument `{name}`"), place)
        .label("no input property has this name");
    report.push(match nearest(name, arguments.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("add `{name}` to `input.properties`, and send it in `request`")),
    });
}
