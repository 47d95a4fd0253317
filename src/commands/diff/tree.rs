//! The paths of a revision, with its links followed as far as they stay within it.

use std::collections::BTreeMap;

/// What `git ls-tree` lists.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Regular files: path and object.
    files: BTreeMap<String, String>,
    /// Links: path and object, whose bytes are where it leads.
    pub(super) links: BTreeMap<String, String>,
    /// Where links lead, once that was read.
    targets: BTreeMap<String, String>,
    /// Submodules, whose files are in another repository.
    submodules: Vec<String>,
}

impl Tree {
    /// Reads the output of `git ls-tree -r -z`.
    pub(super) fn parse(listed: &[u8]) -> Self {
        let mut tree = Self::default();
        for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let line = String::from_utf8_lossy(line);
            let Some((head, path)) = line.split_once('\t') else { continue };
            let words: Vec<&str> = head.split(' ').collect();
            match words.as_slice() {
                ["120000", _, object] => drop(tree.links.insert(path.to_owned(), (*object).to_owned())),
                [_, "blob", object] => drop(tree.files.insert(path.to_owned(), (*object).to_owned())),
                [_, "commit", _] => tree.submodules.push(path.to_owned()),
                _ => {}
            }
        }
        tree
    }

    /// Notes where links lead: their contents, in the order of their paths.
    pub(super) fn lead<'c>(&mut self, contents: impl IntoIterator<Item = &'c [u8]>) {
        let targets = contents.into_iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        self.targets = self.links.keys().cloned().zip(targets).collect();
    }

    /// The object of a file.
    pub(super) fn file(&self, path: &str) -> Option<&str> {
        self.files.get(&self.real(path)?).map(String::as_str)
    }

    /// The files below a folder, by their way from it, hidden ones left out.
    ///
    /// # Errors
    /// Says which link or submodule leads out of the revision: what is there would be missing.
    pub(super) fn below(&self, folder: &str) -> Result<Vec<(String, String)>, String> {
        let mut found = Vec::new();
        self.walk(folder, "", DEEPEST, &mut found)?;
        Ok(found)
    }

    fn walk(&self, folder: &str, way: &str, left: usize, found: &mut Vec<(String, String)>) -> Result<(), String> {
        let Some(real) = self.real(folder) else { return Err(leads_out(folder)) };
        let start = if real.is_empty() { String::new() } else { format!("{real}/") };
        let joined = |rest: &str| if way.is_empty() { rest.to_owned() } else { format!("{way}/{rest}") };
        for (path, object) in from(&self.files, &start).filter(|(path, _)| !is_hidden(path, &start)) {
            found.push((joined(path.get(start.len()..).unwrap_or_default()), object.clone()));
        }
        if let Some(module) = self.submodules.iter().find(|it| it.starts_with(&start) && !is_hidden(it, &start)) {
            return Err(format!("`{module}` is a submodule, whose files are not in the revision"));
        }
        for (path, _) in from(&self.targets, &start).filter(|(path, _)| !is_hidden(path, &start)) {
            let rest = joined(path.get(start.len()..).unwrap_or_default());
            let target = self.real(path).filter(|_| left > 0).ok_or_else(|| leads_out(path))?;
            match self.files.get(&target) {
                Some(object) => found.push((rest, object.clone())),
                None if from(&self.files, &format!("{target}/")).next().is_some() => {
                    self.walk(&target, &rest, left - 1, found)?;
                }
                None => return Err(leads_out(path)),
            }
        }
        Ok(())
    }

    /// A path without links in it; `None` if one leads out of the revision, or round in circles.
    fn real(&self, path: &str) -> Option<String> {
        let mut waiting: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let (mut done, mut hops) = (Vec::<String>::new(), 0);
        while let Some(part) = waiting.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    done.pop()?;
                    continue;
                }
                _ => done.push(part),
            }
            let Some(target) = self.targets.get(&done.join("/")) else { continue };
            hops += 1;
            if hops > MOST_HOPS || target.starts_with('/') {
                return None;
            }
            done.pop();
            waiting.extend(target.split('/').rev().map(str::to_owned));
        }
        Some(done.join("/"))
    }
}

fn from<'m>(map: &'m BTreeMap<String, String>, start: &str) -> impl Iterator<Item = (&'m String, &'m String)> {
    let start = start.to_owned();
    map.range(start.clone()..).take_while(move |(path, _)| path.starts_with(&start))
}

fn is_hidden(path: &str, start: &str) -> bool {
    path.get(start.len()..).unwrap_or_default().split('/').any(|part| part.starts_with(['.', '#']))
}

fn leads_out(path: &str) -> String {
    format!("`{path}` is a link that leads out of the revision, so that what is there cannot be compared")
}

/// Links that one path may follow.
const MOST_HOPS: usize = 32;
/// Folders that links lead to, one below the other.
const DEEPEST: usize = 8;
