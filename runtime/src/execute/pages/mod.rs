//! Pages behind one cursor: finds the next page of an answer, and fetches several as one.
//!
//! A cursor leads to a page of the same tool with the same arguments and nowhere else: it is either the
//! value of the one argument that names the page, which is checked like any other, or an address below the
//! api's server that the server itself gave, which nobody can change unseen.

mod cursor;
mod link;
mod next;

use std::time::Duration;

use cap_compiler::capability::{NextPage, Pagination};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use super::error::{ArgumentProblem, ToolError};
use super::executor::Executor;
use super::idempotency;
use super::outcome::{self, Reading, ToolOutcome};
use super::plan::RequestPlan;
use super::prepared::Prepared;
use super::progress::Progress;
use super::send::Answer;
use super::wire::Opener;
use cursor::Bound;
use next::{Next, Position};

pub use cursor::CursorSeal;

/// Which page is wanted, and how much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Where a previous answer said that the next page begins.
    pub cursor: Option<String>,
    /// How many items to fetch, over as many pages as that takes.
    pub collect: Option<usize>,
}

/// Pages of one call.
const MOST_PAGES: usize = 50;
/// For a whole call, where a definition does not say.
const LONGEST: Duration = Duration::from_secs(30);

/// One call for pages.
pub(super) struct Paged<'a> {
    pub(super) executor: &'a Executor,
    pub(super) tool: &'a Prepared,
    pub(super) pagination: &'a Pagination,
    pub(super) arguments: &'a Map<String, Value>,
    pub(super) progress: &'a dyn Progress,
}

/// What came of the pages so far.
struct Collected {
    /// The first page, whose list takes the items of the others.
    value: Value,
    pages: usize,
    next: Option<Position>,
    notes: Vec<String>,
}

/// A tool without pages cannot be asked for one.
///
/// # Errors
/// `Arguments` if it is.
pub(super) fn refuse(tool: &Prepared, page: &PageRequest) -> Result<(), ToolError> {
    let name = match page {
        PageRequest { cursor: Some(_), .. } => "cursor",
        PageRequest { collect: Some(_), .. } => "collect",
        PageRequest { cursor: None, collect: None } => return Ok(()),
    };
    Err(wrong(tool, name, "means nothing here: the definition of this tool says nothing of pages; leave it out"))
}

fn wrong(tool: &Prepared, argument: &str, message: &str) -> ToolError {
    ToolError::Arguments {
        tool: tool.capability().tool.to_string(),
        problems: vec![ArgumentProblem { argument: argument.to_owned(), message: message.to_owned() }],
    }
}

impl Paged<'_> {
    /// The page that was asked for, with those after it if more items were.
    pub(super) async fn run(&self, page: &PageRequest, opener: &mut Opener<'_>) -> Result<ToolOutcome, ToolError> {
        let position = page.cursor.as_deref().map(|cursor| self.opened(cursor)).transpose()?;
        let plan = self.plan(position.as_ref())?;
        let answer = self.executor.exchange(&plan, opener, self.progress).await?;
        outcome::success(&answer)?;
        let Some(value) = outcome::value(&answer) else {
            let mut outcome = outcome::read(&answer, &self.reading(&plan, opener))?;
            outcome.notes.splice(0..0, plan.notes);
            return Ok(outcome);
        };
        let next = self.next(&value, &answer, position.as_ref(), &plan, opener);
        let mut collected = Collected { value, pages: 1, next: None, notes: plan.notes.clone() };
        collected.follow(next);
        if let Some(wanted) = page.collect {
            self.collect(wanted, &plan, &mut collected, opener).await;
        }
        Ok(self.finish(collected, &plan, opener))
    }

    /// What a cursor of this call belongs to.
    fn bound(&self) -> Bound<'_> {
        let (pagination, arguments) = (self.pagination, self.arguments);
        Bound { tool: self.tool, pagination, arguments, seal: self.executor.cursor_seal() }
    }

    fn opened(&self, text: &str) -> Result<Position, ToolError> {
        self.bound().open(text).ok_or_else(|| {
            let message = "is no cursor of this tool with these arguments; give the arguments of the call that it comes \
                           from, or leave it out to begin at the first page";
            wrong(self.tool, "cursor", message)
        })
    }

    /// Fetches pages until there are enough items. What fails on the way keeps what came before.
    async fn collect(&self, wanted: usize, first: &RequestPlan, collected: &mut Collected, opener: &mut Opener<'_>) {
        let deadline = Instant::now() + first.limits.timeout.unwrap_or(LONGEST);
        let room = self.room(first);
        while let Some(position) = collected.next.take() {
            let enough = items(&collected.value, self.pagination).is_none_or(|items| items.len() >= wanted);
            if enough || collected.pages >= MOST_PAGES {
                collected.next = Some(position);
                break;
            }
            let fetched = timeout_at(deadline, self.fetch(&position, opener)).await;
            let (mut value, next) = match fetched {
                Ok(Ok(fetched)) => fetched,
                Ok(Err(error)) => {
                    let error = opener.mask.error(error);
                    collected.stopped(position, &format!("the next page failed: {error}"));
                    break;
                }
                Err(_) => {
                    collected.stopped(position, "the time of this call was over before the next page came");
                    break;
                }
            };
            let more = items_mut(&mut value, self.pagination).map(std::mem::take).unwrap_or_default();
            let Some(all) = items_mut(&mut collected.value, self.pagination) else { break };
            if self.repeats(all, &more) {
                collected.notes.push("the server gave one page again and again; it is here once".to_owned());
                break;
            }
            let size = outcome::size(&Value::Array(more.clone())) + outcome::size(&Value::Array(all.clone()));
            if size > room {
                collected.stopped(position, "more items would be longer than what is shown");
                break;
            }
            all.extend(more);
            collected.pages += 1;
            collected.follow(next);
        }
    }

    /// Whether a page that was counted is the one before it: there are servers that take the number of a
    /// page, and always answer with everything. Values without names may well be the same on two pages.
    fn repeats(&self, all: &[Value], more: &[Value]) -> bool {
        let counted = matches!(self.pagination.next, NextPage::Page { .. } | NextPage::Offset { .. });
        counted && !more.is_empty() && more.iter().all(Value::is_object) && all.ends_with(more)
    }

    async fn fetch(&self, position: &Position, opener: &mut Opener<'_>) -> Result<(Value, Next), ToolError> {
        let plan = self.plan(Some(position))?;
        let answer = self.executor.exchange(&plan, opener, self.progress).await?;
        outcome::success(&answer)?;
        let value = outcome::value(&answer)
            .ok_or_else(|| ToolError::Network { host: plan.api.clone(), reason: "the page is no JSON".to_owned() })?;
        let next = self.next(&value, &answer, Some(position), &plan, opener);
        Ok((value, next))
    }

    /// The request for a page.
    fn plan(&self, position: Option<&Position>) -> Result<RequestPlan, ToolError> {
        let mut plan = self.unstamped(position)?;
        idempotency::stamp(&mut plan);
        Ok(plan)
    }

    fn unstamped(&self, position: Option<&Position>) -> Result<RequestPlan, ToolError> {
        match position {
            None => self.executor.plan(self.tool, self.arguments),
            Some(Position::Argument(value)) => {
                let mut arguments = self.arguments.clone();
                if let Some(name) = argument(&self.pagination.next) {
                    arguments.insert(name.to_owned(), value.clone());
                }
                self.executor.plan(self.tool, &arguments)
            }
            Some(Position::Address(address)) => {
                let mut plan = self.executor.plan(self.tool, self.arguments)?;
                next::readdress(&mut plan, address);
                Ok(plan)
            }
        }
    }

    fn next(
        &self,
        value: &Value,
        answer: &Answer,
        position: Option<&Position>,
        plan: &RequestPlan,
        opener: &mut Opener<'_>,
    ) -> Next {
        let page = next::Page { pagination: self.pagination, arguments: self.arguments, value, answer, position };
        let found = match page.next(plan, opener) {
            Next::At(found) => found,
            other @ (Next::Last | Next::Refused(_)) => return other,
        };
        let secret = match &found {
            Position::Address(address) => opener.mask.text(address) != *address,
            Position::Argument(value) => value.as_str().is_some_and(|text| opener.mask.text(text) != text),
        };
        match secret {
            true => Next::Refused("the next page cannot be asked for: what names it has a secret in it"),
            // A page that leads to itself would be fetched for ever.
            false if position == Some(&found) => Next::Last,
            false => Next::At(found),
        }
    }

    fn finish(&self, mut collected: Collected, plan: &RequestPlan, opener: &Opener<'_>) -> ToolOutcome {
        let count = items(&collected.value, self.pagination).map(Vec::len);
        if collected.pages > 1 {
            collected.notes.push(format!("{} items of {} pages", count.unwrap_or_default(), collected.pages));
        }
        let mut outcome = outcome::finish(collected.value, None, &self.reading(plan, opener));
        if let Some(position) = &collected.next {
            outcome.next_cursor = Some(self.bound().seal(position));
        }
        outcome.notes.splice(0..0, collected.notes);
        outcome
    }

    fn reading<'r>(&'r self, plan: &'r RequestPlan, opener: &'r Opener<'_>) -> Reading<'r> {
        self.executor.reading(self.tool, plan, &opener.mask)
    }

    /// Bytes that are collected: what is not shaped is not shown beyond the limit either.
    fn room(&self, plan: &RequestPlan) -> usize {
        let rules = &self.tool.capability().answer;
        let shaped = rules.select.is_some() || !rules.fields.is_empty();
        let (output, response) = self.executor.output_limits(plan);
        if shaped { usize::try_from(response).unwrap_or(usize::MAX) } else { output }
    }
}

impl Collected {
    fn follow(&mut self, next: Next) {
        self.next = match next {
            Next::Last => None,
            Next::At(position) => Some(position),
            Next::Refused(reason) => {
                self.notes.push(reason.to_owned());
                None
            }
        };
    }

    fn stopped(&mut self, position: Position, reason: &str) {
        self.next = Some(position);
        self.notes.push(reason.to_owned());
    }
}

fn items<'v>(value: &'v Value, pagination: &Pagination) -> Option<&'v Vec<Value>> {
    value.pointer(&pagination.items)?.as_array()
}

fn items_mut<'v>(value: &'v mut Value, pagination: &Pagination) -> Option<&'v mut Vec<Value>> {
    value.pointer_mut(&pagination.items)?.as_array_mut()
}

/// The argument that names the page, if one does.
fn argument(next: &NextPage) -> Option<&str> {
    match next {
        NextPage::Link | NextPage::Url { .. } => None,
        NextPage::Cursor { argument, .. }
        | NextPage::After { argument, .. }
        | NextPage::Page { argument, .. }
        | NextPage::Offset { argument, .. } => Some(&argument.0),
    }
}
