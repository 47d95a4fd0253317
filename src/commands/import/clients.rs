//! `cap import --from-clients`: servers of other clients' files become upstream files, as `cap add` writes
//! them. Without `--write`, it says what there is.

use std::collections::BTreeSet;
use std::path::Path;

use cap_compiler::diagnostic::nearest;

use crate::args::{FolderArgs, ImportArgs, SecretArgs};
use crate::clients::{Client, Found, Scan, Surroundings, printable, scan};
use crate::commands::connect::gateway;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::upstreams::{
    Draft, Effect, Existing, Known, NeededSecret, Outlet, Reach, Taken, draft, known_servers, mask, say_doubt,
    say_secrets, store, upstream_path,
};
use crate::workspace::Workspace;

/// A server with the file that it becomes.
struct Offer<'s> {
    found: &'s Found,
    draft: Draft,
}

/// Offers or writes the servers of some clients, or of all.
///
/// # Errors
/// When a folder or file cannot be used, or a name is none; what is wrong has been said.
pub(super) fn run(clients: &[Client], args: &ImportArgs, output: &Output) -> Result<Exit, Exit> {
    let folders = FolderArgs { capabilities: args.out.iter().cloned().collect(), config: None };
    let workspace = Workspace::open(&folders, output)?;
    let known = known_servers(&workspace.folders).map_err(|error| {
        output.error(&format!("cannot read the capabilities: {error}"), None);
        Exit::Environment
    })?;
    let scan = scan(clients, &Surroundings::of_process(), &gateway(&workspace), taken(&known, workspace.folder()));
    scan.told.iter().for_each(|told| told.show(output));
    for (client, path) in &scan.own {
        let text = format!("the gateway itself, in {} ({})", path.display(), client.title());
        output.status(Tone::Good, "Skipped", &text);
    }
    let offers = offers(&scan, output);
    let Some(names) = &args.write else {
        return Ok(offer(&scan, &offers, output));
    };
    check_names(names, &offers, output)?;
    let wanted: Vec<Offer<'_>> =
        offers.into_iter().filter(|it| names.is_empty() || names.contains(&it.draft.name)).collect();
    write(&wanted, &known, args, &workspace, output)
}

/// Names that are an api's or a tool's, or those of upstreams whose files are not where imports would write them.
fn taken(known: &[Known], folder: &Path) -> BTreeSet<String> {
    let is_elsewhere = |known: &&Known| known.path != upstream_path(folder, &known.name);
    known.iter().filter(is_elsewhere).map(|known| known.name.clone()).collect()
}

/// The file of each server. One that cannot become a file is told, and the others go on.
fn offers<'s>(scan: &'s Scan, output: &Output) -> Vec<Offer<'s>> {
    let mut offers = Vec::new();
    let mut taken = Taken::new();
    for found in &scan.servers {
        match draft(&found.declared, &taken) {
            Ok(draft) => {
                let named = draft.secrets.iter().filter_map(|it| Some((it.name.clone(), it.value.clone()?)));
                taken.extend(named);
                offers.push(Offer { found, draft });
            }
            Err(refusal) => {
                if let Some(told) = found.refused(&refusal) {
                    told.show(output);
                }
            }
        }
    }
    offers
}

/// Says what there is, and how it is written.
fn offer(scan: &Scan, offers: &[Offer<'_>], output: &Output) -> Exit {
    if offers.is_empty() {
        let files = plural(scan.files.len(), "file");
        output.status(Tone::Warning, "Nothing", &format!("no server to import in {files} of MCP clients"));
        return Exit::Success;
    }
    let width = offers.iter().map(|it| it.draft.name.len()).max().unwrap_or_default();
    for it in offers {
        output.data(&format!("{:width$}  {}\n", it.draft.name, described(it)));
    }
    output.status(Tone::Good, "Found", &format!("{}; nothing was written", plural(offers.len(), "server")));
    output.detail("(`cap import --from-clients --write` writes them, `--write NAME…` some of them)");
    Exit::Success
}

/// `stdio npx, from Cursor and Zed, secrets: GITHUB_TOKEN`
fn described(it: &Offer<'_>) -> String {
    let declared = &it.found.declared;
    let place = match &declared.reach {
        Reach::Http(url) | Reach::Sse(url) => {
            let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            rest.split(['/', '?', '#']).next().unwrap_or_default().rsplit('@').next().unwrap_or_default()
        }
        Reach::Stdio(command) => {
            command.first().and_then(|program| program.rsplit(['/', '\\']).next()).unwrap_or_default()
        }
    };
    let clients: Vec<&str> =
        std::iter::once(it.found.client).chain(it.found.also.iter().copied()).map(Client::title).collect();
    let mut text = format!("{:5}  {}  from {}", declared.reach.word(), printable(place), clients.join(" and "));
    if it.found.original != it.draft.name {
        text.push_str(&format!(" (`{}` there)", printable(&it.found.original)));
    }
    if !it.draft.secrets.is_empty() {
        let names: Vec<&str> = it.draft.secrets.iter().map(|secret| secret.name.as_str()).collect();
        text.push_str(&format!("  secrets: {}", names.join(", ")));
    }
    if declared.paused {
        text.push_str("  paused");
    }
    if it.found.env_file {
        text.push_str("  (its `envFile` is not read: say its variables yourself)");
    }
    text
}

fn check_names(names: &[String], offers: &[Offer<'_>], output: &Output) -> Result<(), Exit> {
    let unknown = names.iter().find(|name| !offers.iter().any(|it| it.draft.name == **name));
    let Some(name) = unknown else { return Ok(()) };
    let near = nearest(name, offers.iter().map(|it| it.draft.name.as_str()));
    let help = near.map_or_else(
        || "`cap import --from-clients` shows the servers".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    output.error(&format!("no client has a server `{}` to import", printable(name)), Some(&help));
    Err(Exit::Failure)
}

/// Writes the files, each whatever becomes of the others.
fn write(
    wanted: &[Offer<'_>],
    known: &[Known],
    args: &ImportArgs,
    workspace: &Workspace,
    output: &Output,
) -> Result<Exit, Exit> {
    let outlet = Outlet {
        folder: workspace.folder(),
        known,
        existing: if args.force { Existing::Replace } else { Existing::Keep },
        effect: if args.dry_run { Effect::Show } else { Effect::Write },
    };
    mask(wanted.iter().flat_map(|it| it.draft.secrets.iter()));
    let (mut written, mut exit) = (Vec::new(), Exit::Success);
    for it in wanted {
        match outlet.put(&it.draft, output) {
            Ok(()) => {
                say_doubt(&it.draft, output);
                if it.found.env_file {
                    let text = format!("the `envFile` of `{}` is not read: say its variables in `env`", it.draft.name);
                    output.status(Tone::Warning, "Note", &text);
                }
                written.push(it);
            }
            Err(failed) => exit = failed,
        }
    }
    let secrets = || written.iter().flat_map(|it| it.draft.secrets.iter());
    say(&secrets().collect::<Vec<_>>(), &outlet, args, workspace, output)?;
    let count = plural(written.len(), "server");
    if args.dry_run {
        output.status(Tone::Good, "Finished", &format!("{count}; nothing was written (--dry-run)"));
    } else {
        output.status(Tone::Good, "Imported", &format!("{count} below {}", outlet.folder.display()));
        output.detail(
            "(review the files, then run `cap pin` and `cap serve`; `cap connect` enters the gateway into clients)",
        );
    }
    Ok(exit)
}

fn say(
    secrets: &[&NeededSecret],
    outlet: &Outlet<'_>,
    args: &ImportArgs,
    workspace: &Workspace,
    output: &Output,
) -> Result<(), Exit> {
    // A secret that several servers share is said once.
    let mut secrets = secrets.to_vec();
    secrets.sort_by(|one, other| one.name.cmp(&other.name));
    secrets.dedup_by(|one, other| one.name == other.name);
    if args.store_secrets && !args.dry_run {
        return store(secrets.into_iter(), &SecretArgs::default(), workspace, outlet.existing, output);
    }
    say_secrets(secrets.into_iter(), output);
    Ok(())
}
