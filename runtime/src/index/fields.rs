//! What is said of a tool, and how much each part of it counts.
//!
//! All parts go into one field, and a part counts by multiplying its term frequencies: a sum of
//! scores over separate fields would reward a term for being repeated in several of them.

/// The texts of one tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolText<'a> {
    /// The unique name that it is called by.
    pub name: &'a str,
    /// The name without the server's part.
    pub local_name: &'a str,
    /// A name for people.
    pub title: &'a str,
    /// What it does.
    pub description: &'a str,
    /// The name of its server.
    pub server: &'a str,
    /// The server's name for people.
    pub server_title: &'a str,
    /// What the server is.
    pub server_description: &'a str,
    /// Topics.
    pub tags: &'a [String],
    /// Its arguments.
    pub arguments: Vec<ArgumentText>,
}

/// The texts of one argument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArgumentText {
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// The words that it may be.
    pub values: Vec<String>,
}

/// What one occurrence in the description counts; the other weights are relative to it.
pub(super) const UNIT: u32 = 4;

/// What one occurrence in the name counts.
pub(super) const NAME: u32 = 8;
const TITLE: u32 = 4;
const DESCRIPTION: u32 = UNIT;
const SERVER: u32 = 4;
const SERVER_TITLE: u32 = 2;
const SERVER_DESCRIPTION: u32 = 2;
const TAG: u32 = 2;
const ARGUMENT_NAME: u32 = 2;
const ARGUMENT_DESCRIPTION: u32 = 2;
const ARGUMENT_VALUE: u32 = 2;

impl ToolText<'_> {
    /// Every part with its weight.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&str, u32)> {
        let heads = [
            (self.local_name, NAME),
            (self.title, TITLE),
            (self.description, DESCRIPTION),
            (self.server, SERVER),
            (self.server_title, SERVER_TITLE),
            (self.server_description, SERVER_DESCRIPTION),
        ];
        let tags = self.tags.iter().map(|tag| (tag.as_str(), TAG));
        let arguments = self.arguments.iter().flat_map(ArgumentText::parts);
        heads.into_iter().chain(tags).chain(arguments)
    }
}

impl ArgumentText {
    fn parts(&self) -> impl Iterator<Item = (&str, u32)> {
        let texts = [(self.name.as_str(), ARGUMENT_NAME), (self.description.as_str(), ARGUMENT_DESCRIPTION)];
        texts.into_iter().chain(self.values.iter().map(|value| (value.as_str(), ARGUMENT_VALUE)))
    }
}
