//! Which advice `cap check` gives, and what makes it fail.

use std::io::IsTerminal;

use cap_compiler::report::Tally;
use clap::{Args, ValueEnum};

use super::Format;

/// Beside errors.
#[derive(Args, Clone, Debug)]
pub(crate) struct AdviceArgs {
    /// Whether to say what agents would use better: `auto` does in a terminal, where CI is not set
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) advice: AdviceWhen,
    /// What gives status 1 beside errors; `advice` also asks for it
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub(crate) deny: Vec<CheckDenied>,
}

/// When advice is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AdviceWhen {
    /// To people
    #[default]
    Auto,
    /// To programs too
    Always,
    /// To nobody
    Never,
}

/// What is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckDenied {
    /// What is probably not meant
    Warnings,
    /// What agents would use better if it were said otherwise
    Advice,
}

impl AdviceArgs {
    /// Whether to look for advice.
    pub(crate) fn is_wanted(&self, format: Format) -> bool {
        match self.advice {
            AdviceWhen::Always => true,
            AdviceWhen::Never => false,
            AdviceWhen::Auto => self.deny.contains(&CheckDenied::Advice) || is_for_people(format),
        }
    }

    /// Whether what was found is not wanted.
    pub(crate) fn denies(&self, tally: Tally) -> bool {
        let is_denied = |denied: &CheckDenied| match denied {
            CheckDenied::Warnings => tally.warnings > 0,
            CheckDenied::Advice => tally.advice > 0,
        };
        self.deny.iter().any(is_denied)
    }
}

/// Whether a person reads standard error, and no workflow.
fn is_for_people(format: Format) -> bool {
    let is_workflow = std::env::var_os("CI").is_some_and(|it| !it.is_empty() && it != "false");
    format == Format::Human && !is_workflow && std::io::stderr().is_terminal()
}
