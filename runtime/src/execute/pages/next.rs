//! Where the next page is, by what the answer says.

use cap_compiler::capability::{NextPage, Pagination};
use serde_json::{Map, Value};
use url::Url;

use super::link;
use crate::execute::plan::{PlannedCredential, RequestPlan, percent_encode};
use crate::execute::send::Answer;
use crate::execute::wire::Opener;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Position {
    /// The value of the argument that names the page.
    Argument(Value),
    /// Path and query below the api's server.
    Address(String),
}

/// What an answer says of the page after it.
pub(super) enum Next {
    /// There is none.
    Last,
    /// It begins here.
    At(Position),
    /// There is one that is not fetched, and why.
    Refused(&'static str),
}

/// A page that came.
pub(super) struct Page<'a> {
    pub(super) pagination: &'a Pagination,
    pub(super) arguments: &'a Map<String, Value>,
    pub(super) value: &'a Value,
    pub(super) answer: &'a Answer,
    pub(super) position: Option<&'a Position>,
}

impl Page<'_> {
    /// Where the page after it begins, if there is one.
    pub(super) fn next(&self, plan: &RequestPlan, opener: &mut Opener<'_>) -> Next {
        if let Some(more) = &self.pagination.more
            && self.value.pointer(more).and_then(Value::as_bool) != Some(true)
        {
            return Next::Last;
        }
        if let NextPage::Link | NextPage::Url { .. } = &self.pagination.next {
            let Some(target) = self.target() else { return Next::Last };
            let refused = "the next page's address is not followed: it does not lie below the api's server";
            return address(target, plan, opener).map_or(Next::Refused(refused), |it| Next::At(Position::Address(it)));
        }
        self.argument().map_or(Next::Last, |value| Next::At(Position::Argument(value)))
    }

    /// The address that the answer gives.
    fn target(&self) -> Option<&str> {
        let NextPage::Url { next } = &self.pagination.next else {
            let links = self.answer.headers.iter().filter(|(name, _)| name == "link");
            return links.filter_map(|(_, value)| link::next(value)).next();
        };
        self.value.pointer(next)?.as_str().filter(|target| !target.is_empty())
    }

    /// The value of the argument that names the page.
    fn argument(&self) -> Option<Value> {
        match &self.pagination.next {
            NextPage::Link | NextPage::Url { .. } => None,
            NextPage::Cursor { next, .. } => scalar(self.value.pointer(next)?),
            NextPage::After { member, .. } => {
                self.full()?;
                scalar(self.items()?.last()?.pointer(member)?)
            }
            NextPage::Page { argument, start } => {
                let (count, page) = (self.full()?, self.number(&argument.0, *start));
                let asked = self.size().unwrap_or(count);
                let before = page.checked_sub(u64::from(*start))?.checked_mul(asked)?;
                let seen = before.checked_add(count)?;
                // Fewer than were asked for, and the sum is wrong: the server has a limit of its own.
                let limited = count < asked && self.total().is_some_and(|total| seen > total);
                if !limited {
                    self.within_total(seen)?;
                }
                Some(Value::from(page.checked_add(1)?))
            }
            NextPage::Offset { argument, start } => {
                let count = self.full()?;
                let next = self.number(&argument.0, *start).checked_add(count)?;
                self.within_total(next.checked_sub(u64::from(*start))?)?;
                Some(Value::from(next))
            }
        }
    }

    fn items(&self) -> Option<&Vec<Value>> {
        super::items(self.value, self.pagination)
    }

    /// The number of items on this page, unless it is the last one because it has too few.
    fn full(&self) -> Option<u64> {
        let count = u64::try_from(self.items()?.len()).ok().filter(|count| *count > 0)?;
        // A server may allow fewer items than were asked for. Where it says that there is more, there is.
        let says = self.pagination.more.is_some() || self.pagination.total.is_some();
        (says || self.size().is_none_or(|size| count >= size)).then_some(count)
    }

    /// How many items were asked for.
    fn size(&self) -> Option<u64> {
        number(self.arguments.get(&self.pagination.size.as_ref()?.0)?).filter(|size| *size > 0)
    }

    fn within_total(&self, seen: u64) -> Option<()> {
        self.total().is_none_or(|total| seen < total).then_some(())
    }

    /// The number of all items, if the answer has it.
    fn total(&self) -> Option<u64> {
        number(self.value.pointer(self.pagination.total.as_ref()?)?)
    }

    /// The number of this page or of its first item.
    fn number(&self, argument: &str, start: u32) -> u64 {
        let positioned = match self.position {
            Some(Position::Argument(value)) => number(value),
            Some(Position::Address(_)) | None => self.arguments.get(argument).and_then(number),
        };
        positioned.unwrap_or_else(|| u64::from(start))
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The longest cursor of a server.
const LONGEST: usize = 4 * 1024;

fn scalar(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if !text.is_empty() && text.len() <= LONGEST => Some(value.clone()),
        Value::Number(_) => Some(value.clone()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The part of a target below the api's server, without credentials; nothing if it lies elsewhere.
fn address(target: &str, plan: &RequestPlan, opener: &mut Opener<'_>) -> Option<String> {
    if target.len() > LONGEST {
        return None;
    }
    let server = opener.open(&plan.server).ok()?;
    let server = server.trim_end_matches('/');
    // What is relative is relative to the request, whose path stands below the server's.
    let whole = Url::parse(&format!("{server}{}", plan.path)).ok()?;
    let base = Url::parse(server).ok()?;
    let target = whole.join(target).ok()?;
    let stranger = target.origin() != base.origin() || !target.username().is_empty() || target.password().is_some();
    let below = target.path().strip_prefix(base.path().trim_end_matches('/'))?;
    if stranger || !(below.is_empty() || below.starts_with('/')) {
        return None;
    }
    let mut address = below.to_owned();
    let pairs = target.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let kept: Vec<&str> = pairs.filter(|pair| !is_credential(pair, plan)).collect();
    if !kept.is_empty() {
        address.push('?');
        address.push_str(&kept.join("&"));
    }
    Some(address)
}

/// Whether a pair of a query is a credential, which is added again when the request is sent.
fn is_credential(pair: &str, plan: &RequestPlan) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    plan.auth.iter().flatten().any(|credential| {
        matches!(credential, PlannedCredential::Query(known, _) if name == known || name == percent_encode(known))
    })
}

/// Gives a request the address of another page.
pub(super) fn readdress(plan: &mut RequestPlan, address: &str) {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    plan.path = path.to_owned();
    plan.query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
}
