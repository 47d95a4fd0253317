//! "Did you mean": the known name nearest to one that was not found.

/// The candidate most like `wanted`, if one is near enough to be what was meant.
///
/// Case and the difference between `-`, `_` and no separator do not count; otherwise about one
/// typing error in three characters is forgiven, more than two only if the first letter is the
/// same. Ties go to the first in `candidates`.
#[must_use]
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(wanted);
    let allowed = folded.chars().count().div_ceil(3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let name = fold(candidate);
        let distance = strsim::damerau_levenshtein(&folded, &name);
        let alike = distance <= 2 || folded.chars().next() == name.chars().next();
        if distance <= allowed && alike && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).take(128).collect()
}
