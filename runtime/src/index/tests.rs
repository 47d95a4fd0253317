//! What search promises whatever is said in whatever script.

use proptest::prelude::*;

use super::{ArgumentText, ToolIndex, ToolText};

fn index(descriptions: &[&str]) -> ToolIndex {
    let text = |at: usize| ToolText { name: "tool", local_name: "tool", description: descriptions[at], ..tool() };
    ToolIndex::update(None, &vec![None; descriptions.len()], text).unwrap()
}

fn tool() -> ToolText<'static> {
    ToolText::default()
}

fn found(index: &ToolIndex, query: &str) -> Vec<usize> {
    index.search(query, 10, |_| true).hits.into_iter().map(|hit| hit.tool).collect()
}

#[test]
fn every_script_is_found() {
    let index = index(&[
        "查询城市的天气预报",
        "リポジトリの課題を一覧表示する",
        "ดูพยากรณ์อากาศของเมือง",
        "저장소의 이슈 목록을 조회합니다",
        "Прогноз погоды для города",
        "मौसम का पूर्वानुमान",
        "توقعات الطَّقس",
        "Prévisions météo",
    ]);
    let queries = ["北京天气", "課題を作る", "อากาศพรุ่งนี้", "이슈", "погоды", "मौसम", "الطقس", "previsions"];
    for (tool, query) in queries.into_iter().enumerate() {
        assert_eq!(found(&index, query).first(), Some(&tool), "{query}");
    }
    assert_eq!(found(&index, "me\u{301}te\u{301}o"), [7], "accents written on their own");
}

#[test]
fn identifiers_are_found_by_their_words() {
    let index = index(&["listPullRequests", "get_user_by_id", "html2text", "PayPal checkout"]);
    for (tool, query) in ["pull requests", "user id", "text", "pay pal"].into_iter().enumerate() {
        assert_eq!(found(&index, query).first(), Some(&tool), "{query}");
    }
    assert_eq!(found(&index, "checkout with paypal"), [3]);
}

/// Tools that share two words with the first clause are behind the best one of the second, which shares
/// only one word with the whole.
#[test]
fn each_clause_finds_its_tool() {
    let words = ["red", "green", "blue", "grey", "pink", "brown"];
    let orders = words.map(|word| format!("customer order {word}"));
    let translations = words.map(|word| format!("translation {word} paper"));
    let all: Vec<&str> = orders.iter().chain(&translations).map(String::as_str).collect();
    let found = found(&index(&all), "customer order red. Then a translation");
    assert_eq!(found[0], 0);
    assert!(found[1] >= orders.len(), "{found:?}");
}

#[test]
fn what_is_not_admitted_does_not_count() {
    let index = index(&["weather forecast of the world", "weather", "issues"]);
    let all = index.search("weather forecast. issues", 10, |_| true);
    let some = index.search("weather forecast. issues", 10, |tool| tool != 0);
    assert_eq!((all.total, some.total), (3, 2));
    assert!(some.hits.iter().all(|hit| hit.tool != 0));
}

proptest! {
    #[test]
    fn any_text_is_indexed_and_searched(texts in prop::collection::vec(".{0,40}", 1..6), query in "\\PC{0,60}|.{0,60}") {
        let tool = |at: usize| ToolText {
            name: &texts[at],
            local_name: &texts[at],
            description: &texts[texts.len() - 1 - at],
            server: &texts[0],
            arguments: vec![ArgumentText { name: texts[at].clone(), description: texts[0].clone(), values: vec![texts[at].clone()] }],
            ..tool()
        };
        let index = ToolIndex::update(None, &vec![None; texts.len()], tool).unwrap();
        let of_tools = texts.iter().map(|text| index.search(text, 3, |_| true));
        for found in of_tools.chain([index.search(&query, 3, |_| true)]) {
            prop_assert!(found.hits.len() <= 3 && found.hits.len() <= found.total);
            prop_assert!(found.hits.iter().all(|hit| hit.score.is_finite() && hit.tool < texts.len()));
            let ordered = |pair: &[super::Hit]| (pair[1].score, pair[0].tool) < (pair[0].score, pair[1].tool);
            prop_assert!(found.hits.windows(2).all(ordered));
        }
    }
}
