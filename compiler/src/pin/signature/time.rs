//! Points in time as allowed signers write them: `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, and `Z`.

/// Seconds since the first of January 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime(pub u64);

/// A point in time that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) at: UnixTime,
    pub(super) text: String,
}

impl Written {
    /// Reads a time in UTC. Without `Z` it would be one of the machine's time zone, and mean another moment on
    /// another machine.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_suffix(['Z', 'z'])?;
        if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = |from: usize, to: usize| match digits.get(from..to) {
            Some(part) if !part.is_empty() => part.parse::<u64>().ok(),
            Some(_) | None => Some(0),
        };
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
        if year < 1970 || day == 0 || day > days_of(year, month)? || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_before(year, month)? + day - 1;
        Some(Self { at: UnixTime(((days * 24 + hour) * 60 + minute) * 60 + second), text: text.to_owned() })
    }
}

/// Days from 1970 to the first of a month.
fn days_before(year: u64, month: u64) -> Option<u64> {
    let leap_days = |before: u64| before / 4 - before / 100 + before / 400;
    let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    let months: Option<Vec<u64>> = (1..month).map(|earlier| days_of(year, earlier)).collect();
    Some(years + months?.iter().sum::<u64>())
}

fn days_of(year: u64, month: u64) -> Option<u64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}
