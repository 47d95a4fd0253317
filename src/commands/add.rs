//! `cap add`: writes the upstream file of an MCP server. It connects to nothing.

use std::collections::BTreeSet;

use cap_compiler::diagnostic::{Diagnostic, Place};
use cap_compiler::source::{MemoryLoader, SourceId};

use crate::address::is_url;
use crate::args::{AddArgs, Transport};
use crate::commands::connect::gateway;
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::upstreams::{
    Declared, Draft, Effect, Existing, Outlet, Reach, Refusal, Taken, draft, known_servers, mask, say_doubt,
    say_secrets, store,
};
use crate::workspace::Workspace;

pub(crate) fn run(args: &AddArgs, output: &Output) -> Result<Exit, Exit> {
    let declared = declared(args, output)?;
    let workspace = Workspace::open(&args.access.folders, output)?;
    let is_url = !matches!(declared.reach, Reach::Stdio(_));
    if is_url && !args.force && gateway(&workspace).is_reached_by(&declared.reach) {
        output.error("this is the address of the gateway itself", Some("--force adds it all the same"));
        return Err(Exit::Usage);
    }
    let draft = draft(&declared, &Taken::new()).map_err(|refusal| refuse(&refusal, output))?;
    mask(draft.secrets.iter());
    let known = known_servers(&workspace.folders).map_err(|error| {
        output.error(&format!("cannot read the capabilities: {error}"), None);
        Exit::Environment
    })?;
    let outlet = Outlet {
        folder: workspace.folder(),
        known: &known,
        existing: if args.force { Existing::Replace } else { Existing::Keep },
        effect: if args.dry_run { Effect::Show } else { Effect::Write },
    };
    outlet.put(&draft, output)?;
    say_network(&draft, output);
    say_doubt(&draft, output);
    if args.dry_run {
        say_secrets(draft.secrets.iter(), output);
        output.status(Tone::Good, "Finished", "nothing was written (--dry-run)");
        return Ok(Exit::Success);
    }
    if args.store_secrets {
        store(draft.secrets.iter(), &args.access.secrets, &workspace, outlet.existing, output)?;
    } else {
        say_secrets(draft.secrets.iter(), output);
    }
    output.detail(&format!("(review the file, then run `cap pin {}` and `cap serve`)", draft.name));
    Ok(Exit::Success)
}

/// Says why a private network was allowed.
fn say_network(draft: &Draft, output: &Output) {
    if draft.made_private {
        output.status(Tone::Warning, "Network", "the host is a private address: the file says `network: private`");
    }
}

/// Shows what was refused of the command line.
fn refuse(refusal: &Refusal, output: &Output) -> Exit {
    let source = SourceId::new("<command line>");
    let (shown, from) = &refusal.shown;
    let diagnostic = Diagnostic::new(refusal.code, refusal.message.clone(), Place::bytes(&source, *from..shown.len()))
        .label(refusal.label.clone())
        .help(refusal.help.clone());
    let mut loader = MemoryLoader::default();
    loader.insert(source.as_str(), shown.as_bytes());
    output.diagnostics(&[diagnostic], &loader);
    Exit::Usage
}

fn declared(args: &AddArgs, output: &Output) -> Result<Declared, Exit> {
    let usage = |message: &str, help: &str| {
        output.error(message, Some(help));
        Exit::Usage
    };
    let reach = reach(args).map_err(|(message, help)| usage(&message, help))?;
    let is_program = matches!(reach, Reach::Stdio(_));
    let unsent = [
        (is_program && !args.header.is_empty(), "a program takes no headers", "say its variables with --env"),
        (is_program && args.private, "a program has no address", "leave out --private"),
        (!is_program && !args.env.is_empty(), "no program is started", "say headers with --header"),
        (!is_program && args.cwd.is_some(), "no program is started", "leave out --cwd"),
    ];
    if let Some((_, message, help)) = unsent.into_iter().find(|(there, ..)| *there) {
        return Err(usage(message, help));
    }
    let headers =
        pairs(&args.header, ':').ok_or_else(|| usage("a header has no `:`", "write it as --header 'Name: value'"))?;
    let env = pairs(&args.env, '=').ok_or_else(|| usage("a variable has no `=`", "write it as --env KEY=VALUE"))?;
    if let Some(name) = repeated(&headers).or_else(|| repeated(&env)) {
        return Err(usage(&format!("`{name}` is said twice"), "leave out one of the two"));
    }
    Ok(Declared {
        title: args.title.clone(),
        description: args.description.clone(),
        headers,
        env,
        directory: args.cwd.clone(),
        allow: args.allow.clone(),
        deny: args.deny.clone(),
        private: args.private,
        ..Declared::new(&args.name, reach)
    })
}

/// Names and values, of texts that have a sign between the two.
fn pairs(texts: &[String], sign: char) -> Option<Vec<(String, String)>> {
    let pair = |text: &String| {
        let (key, value) = text.split_once(sign)?;
        Some((key.trim().to_owned(), value.trim().to_owned()))
    };
    texts.iter().map(pair).collect()
}

fn repeated(pairs: &[(String, String)]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    pairs.iter().map(|(name, _)| name.as_str()).find(|name| !seen.insert(*name))
}

fn reach(args: &AddArgs) -> Result<Reach, (String, &'static str)> {
    let target = args.target.clone();
    let first = target.first().map(String::as_str).unwrap_or_default();
    let url =
        is_url(first) || first.contains("{{") || (first.starts_with('$') && args.transport != Some(Transport::Stdio));
    if let Some((scheme, _)) = first.split_once("://").filter(|_| !url) {
        let message = format!("a server is not reached with `{scheme}:`");
        return Err((message, "name a URL that begins with `https://` or `http://`, or a program"));
    }
    match args.transport {
        Some(Transport::Stdio) if url => Err(("a URL is no program".to_owned(), "leave out --transport stdio")),
        Some(Transport::Http | Transport::Sse) if !url => {
            Err(("a program is reached over stdio".to_owned(), "leave out --transport, or name a URL"))
        }
        Some(_) | None if url && target.len() > 1 => {
            Err(("a URL takes no arguments".to_owned(), "leave out what stands behind it"))
        }
        Some(Transport::Sse) => Ok(Reach::Sse(first.to_owned())),
        Some(Transport::Http) => Ok(Reach::Http(first.to_owned())),
        Some(Transport::Stdio) | None if !url => Ok(Reach::Stdio(target)),
        Some(Transport::Stdio) | None => Ok(Reach::Http(first.to_owned())),
    }
}
