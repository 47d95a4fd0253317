//! Changes for people: a summary, then each class, what matters most first.

use cap_compiler::diff::{Class, Group};
use cap_compiler::report::changes::Review;

use crate::output::{Output, Tone, plural};

pub(super) fn show(review: &Review<'_>, unpinned: usize, output: &Output) {
    let changes = review.changes;
    output.status(Tone::Good, "Comparing", &format!("{} with {}", review.old.label, review.new.label));
    if changes.is_empty() {
        output.status(
            Tone::Good,
            "Same",
            &format!("nothing changes for agents in {}", plural(changes.tools_after, "tool")),
        );
        return tell_pins(unpinned, output);
    }
    let counts: Vec<String> = Class::ALL
        .into_iter()
        .filter(|class| changes.count(*class) > 0)
        .map(|class| format!("{} {}", changes.count(class), class.name()))
        .collect();
    let tools = changes.tools_before.max(changes.tools_after);
    let summary = format!("{}; {} of {} changed", counts.join(", "), changes.tools_changed, plural(tools, "tool"));
    let is_denied = Class::ALL.into_iter().any(|class| review.is_denied(class));
    output.status(if is_denied { Tone::Bad } else { Tone::Good }, "Changes", &summary);
    for class in Class::ALL {
        show_class(class, review, output);
    }
    if is_denied {
        let denied = Class::ALL.into_iter().filter(|class| review.is_denied(*class));
        let names: Vec<&str> = denied.map(Class::name).collect();
        output.status(Tone::Bad, "Denied", &format!("{} (see --deny)", names.join(", ")));
    }
    output.detail("(`cap explain DIFF103` says more about a code)");
    tell_pins(unpinned, output);
}

fn tell_pins(unpinned: usize, output: &Output) {
    if unpinned > 0 {
        let text = format!("{} not as cap.lock says; `cap pin` records what was reviewed", are(unpinned));
        output.status(Tone::Warning, "Unpinned", &text);
    }
}

fn are(files: usize) -> String {
    format!("{} {}", plural(files, "file"), if files == 1 { "is" } else { "are" })
}

fn show_class(class: Class, review: &Review<'_>, output: &Output) {
    let groups: Vec<&Group> = review.changes.groups.iter().filter(|group| group.class() == class).collect();
    let tone = match class {
        Class::Breaking | Class::Reach => Tone::Bad,
        Class::Effect | Class::Undecided | Class::Words => Tone::Warning,
        Class::Compatible | Class::Trivial => Tone::Good,
    };
    let mut word = class.name().to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    for group in groups.iter().take(SHOWN) {
        show_group(group, &word, tone, review, output);
    }
    if groups.len() > SHOWN {
        output.detail(&format!("… and {} more; --format json has all", groups.len() - SHOWN));
    }
}

fn show_group(group: &Group, word: &str, tone: Tone, review: &Review<'_>, output: &Output) {
    let Some(first) = group.members.first() else { return };
    match group.members.len() {
        1 => {
            output.status(tone, word, &format!("{} {}: {}", group.code, first.subject, group.sentence));
            if let Some(place) = review.place(first) {
                output.detail(&format!("--> {}:{}:{}", place.file, place.line, place.column));
            }
        }
        count => {
            output.status(tone, word, &format!("{} {count} tools: {}", group.code, group.sentence));
            let names: Vec<&str> = group.members.iter().take(NAMED).map(|it| it.subject.as_str()).collect();
            let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
            output.detail(&format!("{}{more}", names.join(", ")));
        }
    }
}

/// Groups of a class that are shown one by one.
const SHOWN: usize = 40;
/// Tools of a group that are named.
const NAMED: usize = 5;
