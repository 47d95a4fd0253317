//! Rules of a jq filter: the part of jq that ends soon, whatever it is given.
//!
//! The answer that a filter runs on is a stranger's. So there are no variables, no definitions, no loops,
//! no assignments and nothing that reads more than its input: each step then reads what the step before
//! made, and the whole is bounded by the size of the answer. This module reads a filter and runs none.

use jaq_core::load::lex::{Lexer, StrPart};
use jaq_core::load::parse::{BinaryOp, Parser, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

/// Characters of a filter; the parser goes one call deeper for each level.
const LONGEST: usize = 1_000;

/// Functions that may be called, with the number of their arguments.
const FUNCTIONS: [(&str, usize); 66] = [
    ("abs", 0),
    ("add", 0),
    ("all", 0),
    ("all", 1),
    ("any", 0),
    ("any", 1),
    ("arrays", 0),
    ("ascii_downcase", 0),
    ("ascii_upcase", 0),
    ("booleans", 0),
    ("ceil", 0),
    ("contains", 1),
    ("empty", 0),
    ("endswith", 1),
    ("false", 0),
    ("first", 0),
    ("first", 1),
    ("flatten", 0),
    ("floor", 0),
    ("from_entries", 0),
    ("group_by", 1),
    ("has", 1),
    ("index", 1),
    ("isempty", 1),
    ("iterables", 0),
    ("join", 1),
    ("keys", 0),
    ("keys_unsorted", 0),
    ("last", 0),
    ("last", 1),
    ("length", 0),
    ("limit", 2),
    ("ltrimstr", 1),
    ("map", 1),
    ("map_values", 1),
    ("max", 0),
    ("max_by", 1),
    ("min", 0),
    ("min_by", 1),
    ("not", 0),
    ("null", 0),
    ("nulls", 0),
    ("numbers", 0),
    ("objects", 0),
    ("reverse", 0),
    ("round", 0),
    ("rtrimstr", 1),
    ("scalars", 0),
    ("select", 1),
    ("sort", 0),
    ("sort_by", 1),
    ("split", 1),
    ("startswith", 1),
    ("strings", 0),
    ("test", 1),
    ("to_entries", 0),
    ("todate", 0),
    ("tonumber", 0),
    ("tostring", 0),
    ("trim", 0),
    ("true", 0),
    ("type", 0),
    ("unique", 0),
    ("unique_by", 1),
    ("values", 0),
    ("with_entries", 1),
];

/// Reads a filter.
///
/// # Errors
/// Why it is not one that may be run.
pub(super) fn parse_filter(source: &str) -> Result<(), String> {
    if source.chars().count() > LONGEST {
        return Err(format!("longer than {LONGEST} characters"));
    }
    let tokens = Lexer::new(source).lex().map_err(|faults| match faults.first() {
        Some((_, rest)) if !rest.is_empty() => format!("not read from `{}` on", beginning(rest)),
        Some(_) | None => "it ends too early".to_owned(),
    })?;
    let parsed = Parser::new(&tokens).parse(|parser| parser.term());
    let term = parsed.map_err(|faults| match faults.first() {
        Some((expected, Some(token))) => {
            format!("expected {} instead of `{}`", expected.as_str(), beginning(token.as_str()))
        }
        Some((expected, None)) => format!("expected {} at its end", expected.as_str()),
        None => "it does not parse".to_owned(),
    })?;
    check(&term)
}

fn beginning(text: &str) -> String {
    text.chars().take(20).collect()
}

fn check(term: &Term<&str>) -> Result<(), String> {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) => Ok(()),
        Term::Str(None, parts) => parts.iter().try_for_each(|part| match part {
            StrPart::Term(term) => check(term),
            StrPart::Str(_) | StrPart::Char(_) => Ok(()),
        }),
        Term::Arr(inner) => inner.iter().try_for_each(|term| check(term)),
        Term::Obj(members) => check_object(members),
        Term::Neg(inner) => check(inner),
        Term::BinOp(left, operation, right) => check_operation(left, operation, right),
        Term::TryCatch(tried, caught) => {
            check(tried)?;
            caught.iter().try_for_each(|term| check(term))
        }
        Term::IfThenElse(cases, otherwise) => {
            cases.iter().try_for_each(|(when, then)| check(when).and_then(|()| check(then)))?;
            otherwise.iter().try_for_each(|term| check(term))
        }
        Term::Call(name, arguments) => check_call(name, arguments),
        Term::Path(inner, path) => check(inner).and_then(|()| check_path(path)),
        Term::Str(Some(format), _) => Err(format!("the format `{format}` is not offered")),
        Term::Label(..) | Term::Break(_) => Err("labels are not offered".to_owned()),
        Term::Fold(..) => Err("`reduce` and `foreach` are not offered".to_owned()),
        Term::Def(..) => Err("definitions are not offered".to_owned()),
        Term::Var(name) => Err(format!("variables such as `{name}` are not offered")),
    }
}

/// With several streams in one object, there would be as many objects as all combinations.
fn check_object(members: &[(Term<&str>, Option<Term<&str>>)]) -> Result<(), String> {
    for (key, value) in members {
        check(key)?;
        value.iter().try_for_each(check)?;
    }
    let terms = members.iter().flat_map(|(key, value)| std::iter::once(key).chain(value));
    one_stream(terms)
}

fn one_stream<'t>(terms: impl Iterator<Item = &'t Term<&'t str>>) -> Result<(), String> {
    if terms.filter(|term| is_stream(term)).count() > 1 {
        return Err("only one part may be a stream of values; put the others into `[…]`".to_owned());
    }
    Ok(())
}

fn check_operation(left: &Term<&str>, operation: &BinaryOp<&str>, right: &Term<&str>) -> Result<(), String> {
    check(left)?;
    check(right)?;
    match operation {
        BinaryOp::Pipe(None) | BinaryOp::Comma | BinaryOp::Alt => Ok(()),
        BinaryOp::Or | BinaryOp::And | BinaryOp::Cmp(_) => one_stream([left, right].into_iter()),
        // A text times a number is as long as the number says.
        BinaryOp::Math(Math::Mul) => Err("`*` is not offered".to_owned()),
        BinaryOp::Math(_) => one_stream([left, right].into_iter()),
        BinaryOp::Pipe(Some(_)) => Err("variables are not offered".to_owned()),
        BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
            Err("assignments are not offered".to_owned())
        }
    }
}

fn check_call(name: &str, arguments: &[Term<&str>]) -> Result<(), String> {
    if !FUNCTIONS.contains(&(name, arguments.len())) {
        return Err(match FUNCTIONS.iter().find(|(known, _)| *known == name) {
            Some((_, count)) => format!("`{name}` takes {count} arguments"),
            None => format!("the function `{name}` is not offered"),
        });
    }
    let expression = matches!(arguments.first(), Some(Term::Str(_, parts)) if is_literal(parts));
    if name == "test" && !expression {
        return Err("`test` takes a pattern that is written here".to_owned());
    }
    arguments.iter().try_for_each(check)
}

fn is_literal(parts: &[StrPart<&str, Term<&str>>]) -> bool {
    !parts.iter().any(|part| matches!(part, StrPart::Term(_)))
}

fn check_path(path: &Path<Term<&str>>) -> Result<(), String> {
    path.0.iter().flat_map(|(part, _)| inner(part)).try_for_each(|term| {
        check(term)?;
        if is_stream(term) { Err("an index is one value".to_owned()) } else { Ok(()) }
    })
}

fn inner<'t>(part: &'t Part<Term<&'t str>>) -> Vec<&'t Term<&'t str>> {
    match part {
        Part::Index(index) => vec![index],
        Part::Range(from, upto) => from.iter().chain(upto).collect(),
    }
}

/// Whether a term may have more than one output.
fn is_stream(term: &Term<&str>) -> bool {
    match term {
        Term::Recurse => true,
        Term::Path(inner, path) => {
            is_stream(inner) || path.0.iter().any(|(part, _)| matches!(part, Part::Range(None, None)))
        }
        Term::BinOp(left, BinaryOp::Comma, right) => {
            // Of literals, there are as many as are written.
            !(matches!(**left, Term::Num(_)) && matches!(**right, Term::Num(_)))
        }
        Term::BinOp(left, _, right) => is_stream(left) || is_stream(right),
        Term::Str(_, parts) => parts.iter().any(|part| matches!(part, StrPart::Term(term) if is_stream(term))),
        Term::Obj(members) => members.iter().any(|(key, value)| is_stream(key) || value.iter().any(is_stream)),
        Term::Neg(inner) => is_stream(inner),
        Term::TryCatch(tried, caught) => is_stream(tried) || caught.iter().any(|term| is_stream(term)),
        Term::IfThenElse(cases, otherwise) => {
            cases.iter().any(|(when, then)| is_stream(when) || is_stream(then))
                || otherwise.iter().any(|term| is_stream(term))
        }
        Term::Call(name, arguments) => {
            !matches!(*name, "first" | "last" | "map" | "any" | "all" | "isempty") && arguments.iter().any(is_stream)
        }
        Term::Id | Term::Num(_) | Term::Arr(_) => false,
        Term::Label(..) | Term::Break(_) | Term::Fold(..) | Term::Def(..) | Term::Var(_) => true,
    }
}
