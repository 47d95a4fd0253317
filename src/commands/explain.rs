//! `cap explain`: the section of `docs/diagnostics.md` about one code, or of `docs/changes.md` about one of `cap diff`.

use cap_compiler::diagnostic::{Code, all_codes, nearest};
use cap_compiler::diff::{ChangeCode, all_changes};

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::output::Output;

const DIAGNOSTICS: &str = include_str!("../../docs/diagnostics.md");
const CHANGES: &str = include_str!("../../docs/changes.md");

pub(crate) fn run(args: &ExplainArgs, output: &Output) -> Result<Exit, Exit> {
    let Some(text) = &args.code else {
        let lines: String = all_codes().iter().map(|info| format!("{}  {}\n", info.code, info.title)).collect();
        output.data(&lines);
        return Ok(Exit::Success);
    };
    if text.eq_ignore_ascii_case("diff") {
        let lines: String = all_changes().iter().map(|info| format!("{}  {}\n", info.code, info.title)).collect();
        output.data(&lines);
        return Ok(Exit::Success);
    }
    if let Some(code) = ChangeCode::parse(text) {
        output.data(&format!("{}\n", section(CHANGES, &code.to_string(), code.info().title).trim_end()));
        return Ok(Exit::Success);
    }
    let Some(code) = Code::parse(text) else {
        let codes = all_codes().iter().map(|info| info.code.to_string());
        let codes: Vec<String> = codes.chain(all_changes().iter().map(|info| info.code.to_string())).collect();
        let near = nearest(text, codes.iter().map(String::as_str));
        let help = near.map_or("`cap explain` lists the codes".to_owned(), |code| format!("did you mean `{code}`?"));
        output.error(&format!("there is no code `{text}`"), Some(&help));
        return Ok(Exit::Failure);
    };
    output.data(&format!("{}\n", section(DIAGNOSTICS, &code.to_string(), code.info().title).trim_end()));
    Ok(Exit::Success)
}

/// The text from a code's heading to the next one; tests prove that every code has one.
fn section(page: &'static str, code: &str, title: &'static str) -> &'static str {
    let Some(start) = page.find(&format!("## {code}")) else { return title };
    let rest = page.get(start..).unwrap_or_default();
    let end = rest.get(3..).and_then(|body| body.find("\n## ")).map_or(rest.len(), |at| at + 3);
    rest.get(..end).unwrap_or_default()
}
