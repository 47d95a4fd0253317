//! `cap explain`: the section of `docs/diagnostics.md` about one code.

use cap_compiler::diagnostic::{Code, all_codes, nearest};

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::output::Output;

const DIAGNOSTICS: &str = include_str!("../../docs/diagnostics.md");

pub(crate) fn run(args: &ExplainArgs, output: &Output) -> Result<Exit, Exit> {
    let Some(text) = &args.code else {
        let lines: String = all_codes().iter().map(|info| format!("{}  {}\n", info.code, info.title)).collect();
        output.data(&lines);
        return Ok(Exit::Success);
    };
    let Some(code) = Code::parse(text) else {
        let codes: Vec<String> = all_codes().iter().map(|info| info.code.to_string()).collect();
        let near = nearest(text, codes.iter().map(String::as_str));
        let help = near.map_or("`cap explain` lists the codes".to_owned(), |code| format!("did you mean `{code}`?"));
        output.error(&format!("there is no code `{text}`"), Some(&help));
        return Ok(Exit::Failure);
    };
    output.data(&format!("{}\n", section(code).trim_end()));
    Ok(Exit::Success)
}

/// The text from a code's heading to the next one; a test proves that every code has one.
fn section(code: Code) -> &'static str {
    let heading = format!("## {code}");
    let Some(start) = DIAGNOSTICS.find(&heading) else { return code.info().title };
    let rest = DIAGNOSTICS.get(start..).unwrap_or_default();
    let end = rest.get(3..).and_then(|body| body.find("\n## ")).map_or(rest.len(), |at| at + 3);
    rest.get(..end).unwrap_or_default()
}
