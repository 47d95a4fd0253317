//! Reads what was sent, as a server would. Written from the RFCs and OpenAPI's tables, without the
//! libraries and without a look at the encoder.

/// RFC 3986, section 2.1. Gives `None` for what is no encoding of text.
pub(crate) fn percent(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).ok()
}

/// A value of `application/x-www-form-urlencoded`, where a plus is a space.
pub(crate) fn form(text: &str) -> Option<String> {
    percent(&text.replace('+', " "))
}

/// The pairs of a query or a form, decoded.
pub(crate) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let raw = raw_pairs(text);
    raw.into_iter().map(|(name, value)| Some((form(name)?, form(value)?))).collect()
}

/// The pairs as they stand, which is how a list in one value has to be read.
pub(crate) fn raw_pairs(text: &str) -> Vec<(&str, &str)> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect()
}

/// The items between delimiters, each decoded.
pub(crate) fn items(text: &str, delimiter: &str) -> Option<Vec<String>> {
    text.split(delimiter).map(percent).collect()
}

/// `a,1,b,2` as members.
pub(crate) fn alternating(text: &str, delimiter: &str) -> Option<Vec<(String, String)>> {
    let items = items(text, delimiter)?;
    items.chunks(2).map(|pair| Some((pair.first()?.clone(), pair.get(1)?.clone()))).collect()
}

/// `a=1,b=2` as members.
pub(crate) fn assignments(text: &str, delimiter: char) -> Option<Vec<(String, String)>> {
    let members = text.split(delimiter).map(|member| {
        let (name, value) = member.split_once('=')?;
        Some((percent(name)?, percent(value)?))
    });
    members.collect()
}

/// `p[a][b]` as `p` and `[a, b]`.
pub(crate) fn brackets(key: &str) -> Option<(&str, Vec<&str>)> {
    let (name, rest) = key.split_once('[')?;
    Some((name, rest.strip_suffix(']')?.split("][").collect()))
}

/// The parts of a multipart body: the name of each, and its bytes.
pub(crate) fn multipart(body: &[u8], boundary: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let delimiter = format!("\r\n--{boundary}");
    let whole = [b"\r\n", body].concat();
    let mut found = Vec::new();
    let mut rest = &whole[find(&whole, delimiter.as_bytes())? + delimiter.len()..];
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        let end = find(after, delimiter.as_bytes())?;
        let part = &after[..end];
        let head = find(part, b"\r\n\r\n")?;
        found.push((disposition(std::str::from_utf8(&part[..head]).ok()?)?, part[head + 4..].to_vec()));
        rest = &after[end + delimiter.len()..];
    }
    (rest == b"--\r\n").then_some(found)
}

fn disposition(head: &str) -> Option<String> {
    let lines = head.split("\r\n").filter(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
    let [line] = lines.collect::<Vec<_>>()[..] else { return None };
    let name = line.split("; name=\"").nth(1)?.split('"').next()?;
    Some(name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
