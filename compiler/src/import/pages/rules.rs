//! The names that tell of pages, in snake case, and what each of them proves.
//!
//! A name alone proves little: `after` may be a date, `next` a step of a recipe, `count` a flag. So each
//! table says what has to stand beside a name; what is left open is left out, because a tool that pages
//! wrongly loses items without anybody noticing.

/// How many items a page has. Beside one of these, `page` and `offset` are what they seem to be: a `page`
/// alone may be the page of a book.
pub(super) const SIZES: [&str; 23] = [
    "per_page",
    "perpage",
    "page_size",
    "pagesize",
    "page_limit",
    "limit",
    "size",
    "count",
    "max",
    "max_results",
    "maxresults",
    "max_items",
    "max_page_size",
    "top",
    "take",
    "rows",
    "num_results",
    "number_of_results",
    "items_per_page",
    "results_per_page",
    "records_per_page",
    "hits_per_page",
    "page_length",
];

/// The number of a page. APIs count from 0 and from 1, so the document has to say where it begins.
pub(super) const PAGE_NUMBERS: [&str; 8] =
    ["page", "page_number", "page_num", "page_no", "pagenumber", "page_index", "pageindex", "current_page"];

/// The number of items to pass over: by its meaning, the first page passes over none.
pub(super) const OFFSETS: [&str; 4] = ["offset", "skip", "page_offset", "skip_count"];

/// The place of the first item. As with pages, the document has to say where counting begins.
pub(super) const POSITIONS: [&str; 8] =
    ["start", "start_at", "start_index", "startindex", "start_position", "first", "first_result", "start_offset"];

/// Words in the description of an offset that make it something else than a number of items.
pub(super) const NO_OFFSET: [&str; 4] = ["page number", "number of pages", "number of the page", "multiple of"];

/// Where a page begins, in the API's own words. Such an argument is believed when the answer has its next
/// value. Where the answer does not, pages are not counted either: the document shows another way.
pub(super) const CURSORS: [&str; 23] = [
    "cursor",
    "after",
    "before",
    "starting_after",
    "ending_before",
    "start_after",
    "page_token",
    "page_cursor",
    "pagination_token",
    "continuation_token",
    "continuation",
    "continue",
    "marker",
    "bookmark",
    "next",
    "next_cursor",
    "next_token",
    "next_page",
    "next_page_token",
    "since_id",
    "max_id",
    "start_key",
    "scroll_id",
];

/// Arguments and the members that hold their next values, beside the plain rule that `next_marker` is
/// the next `marker`. A member may have the argument's own name where that name says `next` or
/// `continue`; elsewhere it repeats what was asked for.
const NEXT_VALUES: [(&str, &[&str]); 17] = [
    ("cursor", &["end_cursor", "next_page_cursor", "next", "next_page"]),
    ("after", &["end_cursor", "next_cursor", "next"]),
    ("page_token", &["next_token", "next"]),
    ("page_cursor", &["next_cursor", "end_cursor"]),
    ("pagination_token", &["next_token", "next_page_token"]),
    ("starting_after", &["next_cursor", "end_cursor"]),
    ("start_after", &["next_cursor", "end_cursor"]),
    ("continuation_token", &["continuation_token"]),
    ("continuation", &["continuation"]),
    ("continue", &["continue"]),
    ("bookmark", &["bookmark"]),
    ("next", &["next"]),
    ("next_cursor", &["next_cursor"]),
    ("next_token", &["next_token"]),
    ("next_page", &["next_page"]),
    ("next_page_token", &["next_page_token"]),
    // The number of the first item, as search servers and task queues have it.
    ("from", &["next"]),
];

/// Arguments whose next value is the last item's own, where a boolean says whether there is more.
pub(super) const AFTER_ITEM: [&str; 3] = ["starting_after", "start_after", "after"];

/// `after` is a date as often as it is an item; its description has one of these where it is an item.
pub(super) const ABOUT_PAGES: [&str; 2] = ["pagination", "cursor"];

/// The id of a page's last item, beside the list.
pub(super) const LAST_ID: &str = "last_id";

/// Whether there is a next page.
pub(super) const MORE: [&str; 7] =
    ["has_more", "has_next", "has_next_page", "has_more_items", "has_more_results", "more", "is_truncated"];

/// The number of all items. `count` is not here: it is as often that of this page.
pub(super) const TOTALS: [&str; 14] = [
    "total",
    "total_count",
    "total_items",
    "total_item_count",
    "total_results",
    "total_records",
    "total_record_count",
    "total_entries",
    "total_elements",
    "total_hits",
    "total_rows",
    "total_size",
    "total_set_size",
    "total_number",
];

/// Words in the description of a total that make it something else than the number of all items.
pub(super) const NO_TOTAL: [&str; 9] = [
    "returned by",
    "returned in",
    "this page",
    "current page",
    "this response",
    "estimate",
    "approximat",
    "number of pages",
    "at most",
];

/// Members that may be the URL of the next page.
const NEXT_URLS: [&str; 10] = [
    "next",
    "next_url",
    "next_uri",
    "next_link",
    "next_href",
    "next_page",
    "next_page_url",
    "next_page_uri",
    "next_page_link",
    "odata_next_link",
];

/// AutoRest's extension for lists, and its member that names the next URL; without one, a list is whole.
pub(super) const PAGEABLE: &str = "x-ms-pageable";
/// See [`PAGEABLE`].
pub(super) const PAGEABLE_NEXT: &str = "nextLinkName";

/// Objects of an answer that tell of its pages, and not of its subject.
pub(super) const ABOUT: [&str; 17] = [
    "meta",
    "metadata",
    "pagination",
    "paging",
    "paginator",
    "page",
    "pages",
    "page_info",
    "page_metadata",
    "page_details",
    "response_metadata",
    "result_info",
    "search_metadata",
    "list_metadata",
    "cursor",
    "cursors",
    "links",
];

/// Objects of an answer that hold the list and nothing else.
pub(super) const ENVELOPES: [&str; 6] = ["data", "result", "results", "response", "embedded", "payload"];

/// The name of the list where an answer has several.
pub(super) const LISTS: [&str; 12] = [
    "data",
    "items",
    "results",
    "entries",
    "records",
    "values",
    "elements",
    "objects",
    "hits",
    "rows",
    "resources",
    "list",
];

/// Whether the member at `path` holds the next value of `argument`.
pub(super) fn is_next_value(argument: &str, path: &[String]) -> bool {
    let Some((member, about)) = path.split_last() else { return false };
    let holder = about.last().map_or("", String::as_str);
    // `cursors.after`, `cursor.next`: the holder says what the value is.
    if matches!(holder, "cursor" | "cursors") && (member == argument || member == "next") {
        return is_cursor(argument);
    }
    let known = NEXT_VALUES.iter().find(|(name, _)| *name == argument);
    let plain = is_cursor(argument) || PAGE_NUMBERS.contains(&argument) || OFFSETS.contains(&argument);
    (plain && member.strip_prefix("next_") == Some(argument))
        || known.is_some_and(|(_, members)| members.contains(&member.as_str()))
}

/// What the place of a member says of its being a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UrlName {
    /// Nothing.
    No,
    /// It may be one, so its schema has to say that it is.
    Maybe,
    /// It is one by a format that many share: `OData`, HAL, JSON:API.
    Known,
}

/// Whether the member at `path` is the URL of the next page.
pub(super) fn url_name(path: &[String]) -> UrlName {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    match names.as_slice() {
        [.., "odata_next_link"]
        | [.., "links", "next"]
        | [.., "links", "next", "href"]
        | [.., "links", "pages", "next"] => UrlName::Known,
        [.., name] if NEXT_URLS.contains(name) => UrlName::Maybe,
        _ => UrlName::No,
    }
}

/// Whether an argument of that name says where a page begins.
pub(super) fn is_cursor(argument: &str) -> bool {
    CURSORS.contains(&argument)
}
