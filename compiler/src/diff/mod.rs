//! Two sets of capabilities compared: what changes for agents, and for those who are responsible for them.
//!
//! What is compared is what was compiled, so that layout, the order of keys and the place of a file are no
//! change. It reads no files and knows no version control; see the command for that.

mod argument;
mod change;
mod code;
mod effect;
mod first;
mod pairs;
mod reach;
mod request;
mod said;
pub mod schema;
mod sent;
mod settings;
mod side;
mod tool;
mod upstream;
mod words;

pub use change::{Change, Changes, Group, Member};
pub use code::{ChangeCode, ChangeInfo, Class, all_changes};
pub use side::{ApprovedUpstream, Side};

/// What changes from one set of capabilities to another.
#[must_use]
pub fn compare(old: &Side, new: &Side) -> Changes {
    let known = first::Known::of(old);
    let mut found = Vec::new();
    let mut tools_changed = 0;
    let (before, after) = (old.tools(), new.tools());
    for pair in pairs::pairs(&before, &after) {
        let changes = match pair {
            pairs::Pair::Same => continue,
            pairs::Pair::Removed(tool) => vec![tool::removed(tool)],
            pairs::Pair::Added(tool) => tool::added(tool, &known),
            pairs::Pair::Kept(one, another) => tool::compare(one, another),
            pairs::Pair::Renamed(one, another) => {
                let mut changes = vec![tool::renamed(one, another)];
                changes.extend(tool::compare(one, another));
                changes
            }
        };
        tools_changed += usize::from(!changes.is_empty());
        found.extend(changes);
    }
    found.extend(upstream::compare(old, new, &known));
    found.extend(words::of_servers(old, new));
    found.extend(settings::compare(&old.settings, &new.settings));
    let mut changes =
        Changes { tools_before: before.len(), tools_after: after.len(), tools_changed, ..Changes::default() };
    changes.take(found);
    changes
}
