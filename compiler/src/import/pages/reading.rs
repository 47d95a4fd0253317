//! The ways in which a document can describe pages, each read for itself.

use serde_json::Value;

use super::Doubt;
use super::answer::{Answer, List, Member};
use super::query::Query;
use super::rules::{self, UrlName};
use super::shape::Reader;
use crate::definition::{PageStyle, PaginationDefinition};

/// What is read of one operation.
pub(super) struct Reading<'a, 'd> {
    pub(super) answer: &'a Answer<'d>,
    pub(super) list: &'a List<'d>,
    pub(super) queries: &'a [Query<'d>],
    pub(super) reader: &'a Reader<'d>,
    /// The member that has the next page's URL, where an extension of OpenAPI says so.
    pub(super) declared: Option<&'d str>,
}

type Found = Result<Option<PaginationDefinition>, Doubt>;

impl<'d> Reading<'_, 'd> {
    /// A `Link` header: the server says where the next page is, whatever it is called.
    pub(super) fn link(&self) -> Option<PaginationDefinition> {
        self.answer.links.then(|| PaginationDefinition { size: self.size(), ..self.style(PageStyle::Link) })
    }

    /// The URL of the next page, beside the list.
    pub(super) fn next_url(&self) -> Found {
        let mut urls = self.answer.members.iter().filter(|member| self.is_next_url(member));
        let Some(url) = urls.next() else { return Ok(None) };
        if urls.next().is_some() {
            return Err(Doubt::Readings);
        }
        let next = Some(url.pointer.to_string());
        Ok(Some(PaginationDefinition { next, size: self.size(), ..self.style(PageStyle::NextUrl) }))
    }

    fn is_next_url(&self, member: &Member<'d>) -> bool {
        let text = |keyword: &str| self.reader.word(&member.schema, keyword).and_then(Value::as_str);
        // A relative one is not enough: nothing says what it is relative to.
        let shown = || {
            let examples = self.reader.word(&member.schema, "examples").and_then(Value::as_array);
            let first = examples.and_then(|examples| examples.first()).and_then(Value::as_str);
            text("example").or(first).is_some_and(|it| it.starts_with("http://") || it.starts_with("https://"))
        };
        let said = || matches!(text("format"), Some("uri" | "url" | "iri"));
        let declared = || self.declared.is_some_and(|name| member.pointer.tokens() == [name]);
        let url = match rules::url_name(&member.path) {
            UrlName::No => declared(),
            UrlName::Known => true,
            UrlName::Maybe => said() || shown() || declared(),
        };
        url && member.types.iter().eq(["string"].iter())
    }

    /// An argument whose next value the answer has.
    pub(super) fn cursor(&self) -> Found {
        let mut found: Vec<(&Query<'d>, &Member<'d>)> = Vec::new();
        for query in self.queries.iter().filter(|query| !query.required) {
            let next = |member: &&Member<'d>| {
                rules::is_next_value(&query.name, &member.path)
                    && query.takes(&member.types)
                    && !self.is_next_url(member)
            };
            found.extend(self.answer.members.iter().filter(next).map(|member| (query, member)));
        }
        match found.as_slice() {
            [] => Ok(self.after_item()),
            [(query, member)] => Ok(Some(PaginationDefinition {
                argument: Some(query.argument.clone()),
                next: Some(member.pointer.to_string()),
                size: self.size(),
                more: self.more(),
                ..self.style(PageStyle::Cursor)
            })),
            _ => Err(Doubt::Readings),
        }
    }

    /// An argument that takes the id of the last item, and a boolean that says whether there is more.
    fn after_item(&self) -> Option<PaginationDefinition> {
        let more = self.more()?;
        let wanted = |query: &&Query<'d>| rules::AFTER_ITEM.contains(&query.name.as_str()) && !query.required;
        let mut queries = self.queries.iter().filter(wanted).filter(|query| query.is_cursor(self.reader));
        let query = queries.next().filter(|_| queries.next().is_none())?;
        let last_id = self.answer.members.iter().find(|it| it.path == [rules::LAST_ID] && query.takes(&it.types));
        let own_id = || {
            if query.name == "after" && !query.says(&rules::ABOUT_PAGES) {
                return None;
            }
            let members = self.reader.members(&self.reader.items(&self.list.schema)?);
            let (_, id) = members.into_iter().find(|(name, _)| *name == "id")?;
            query.takes(&self.reader.types(&id)).then(|| "/id".to_owned())
        };
        let next = last_id.map(|member| member.pointer.to_string());
        let last_item = if next.is_none() { Some(own_id()?) } else { None };
        Some(PaginationDefinition {
            argument: Some(query.argument.clone()),
            next,
            last_item,
            size: self.size(),
            more: Some(more),
            ..self.style(PageStyle::Cursor)
        })
    }

    /// Pages or items that are counted.
    pub(super) fn counted(&self) -> Found {
        let numbers = |known: &[&str]| -> Vec<&Query<'d>> {
            self.queries.iter().filter(|it| it.is_number() && known.contains(&it.name.as_str())).collect()
        };
        let sizes = numbers(&rules::SIZES);
        let (pages, offsets) =
            (numbers(&rules::PAGE_NUMBERS), [numbers(&rules::OFFSETS), numbers(&rules::POSITIONS)].concat());
        let (style, query) = match (pages.as_slice(), offsets.as_slice(), sizes.as_slice()) {
            ([], [], _) | (_, _, []) => return Ok(None),
            ([page], [], [_]) => (PageStyle::Page, *page),
            ([], [offset], [_]) => (PageStyle::Offset, *offset),
            _ => return Err(Doubt::Readings),
        };
        if self.queries.iter().any(|query| query.is_cursor(self.reader)) {
            return Err(Doubt::Readings);
        }
        if style == PageStyle::Offset && query.says(&rules::NO_OFFSET) {
            return Err(Doubt::Start);
        }
        let (usual, start) = (u32::from(style == PageStyle::Page), self.start(query).ok_or(Doubt::Start)?);
        Ok(Some(PaginationDefinition {
            argument: Some(query.argument.clone()),
            size: self.bounded_size(),
            start: (start != usual).then_some(start),
            total: self.total(),
            more: self.more(),
            ..self.style(style)
        }))
    }

    /// Whether pages can be counted too, with another argument: then one way needs a switch.
    pub(super) fn counts_beside(&self, cursor: &PaginationDefinition) -> bool {
        let counts = |query: &Query<'d>| {
            let known = [&rules::PAGE_NUMBERS[..], &rules::OFFSETS, &rules::POSITIONS].concat();
            query.is_number()
                && known.contains(&query.name.as_str())
                && cursor.argument.as_ref() != Some(&query.argument)
        };
        self.size().is_some() && self.queries.iter().any(counts)
    }

    /// Where counting begins.
    fn start(&self, query: &Query<'d>) -> Option<u32> {
        let name = query.name.as_str();
        let position = rules::POSITIONS.contains(&name) && query.says(&["offset"]);
        let passes_over = (rules::OFFSETS.contains(&name) || position) && query.word("default", self.reader).is_none();
        query.start(self.reader).or_else(|| passes_over.then_some(0))
    }

    /// The argument for the number of items, if there is one.
    fn size(&self) -> Option<String> {
        self.size_query().map(|query| query.argument.clone())
    }

    fn size_query(&self) -> Option<&Query<'d>> {
        let mut sizes = self.queries.iter().filter(|it| it.is_number() && rules::SIZES.contains(&it.name.as_str()));
        sizes.next().filter(|_| sizes.next().is_none())
    }

    /// The same, where a page with fewer items is the last one. A server that has a limit, and does not say
    /// so, gives fewer than were asked for on every page.
    fn bounded_size(&self) -> Option<String> {
        let query = self.size_query()?;
        let bounded = ["maximum", "exclusiveMaximum"].iter().any(|keyword| query.word(keyword, self.reader).is_some());
        bounded.then(|| query.argument.clone())
    }

    fn more(&self) -> Option<String> {
        let is_more = |it: &&Member<'d>| is_named(it, &rules::MORE) && it.types.iter().eq(["boolean"].iter());
        self.only(is_more)
    }

    fn total(&self) -> Option<String> {
        let number = |it: &&Member<'d>| it.types.iter().all(|name| matches!(*name, "integer" | "number"));
        let other = |it: &&Member<'d>| {
            let text = self.reader.word(&it.schema, "description").and_then(Value::as_str).unwrap_or_default();
            let text = text.to_lowercase();
            rules::NO_TOTAL.iter().any(|word| text.contains(word))
        };
        self.only(|it| is_named(it, &rules::TOTALS) && !it.types.is_empty() && number(it) && !other(it))
    }

    /// The one member that is so.
    fn only(&self, wanted: impl FnMut(&&Member<'d>) -> bool) -> Option<String> {
        let mut found = self.answer.members.iter().filter(wanted);
        let member = found.next().filter(|_| found.next().is_none())?;
        Some(member.pointer.to_string())
    }

    /// A style, and where the list is.
    fn style(&self, style: PageStyle) -> PaginationDefinition {
        let items = Some(self.list.pointer.to_string()).filter(|pointer| !pointer.is_empty());
        PaginationDefinition {
            style,
            argument: None,
            next: None,
            last_item: None,
            items,
            size: None,
            start: None,
            total: None,
            more: None,
        }
    }
}

fn is_named(member: &Member<'_>, names: &[&str]) -> bool {
    member.path.last().is_some_and(|name| names.contains(&name.as_str()))
}
