//! Times as people write and read them: RFC 3339, a day, or how long ago.

use docmill_runtime::topology::parse_duration;
use jiff::Timestamp;
use std::time::SystemTime;

/// Parses `2026-01-31T10:00:00Z`, `2026-01-31` (its first moment, UTC) or `2h` (two hours ago) into milliseconds since
/// 1970 UTC.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    if let Ok(time) = format!("{text}T00:00:00Z").parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    let ago = parse_duration(text).map_err(|_| {
        format!("`{text}` is not a time such as 2026-01-31T10:00:00Z, 2026-01-31 or 2h (ago)")
    })?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(now.saturating_sub(ago).as_millis()).unwrap_or(i64::MAX))
}

/// RFC 3339 in UTC, to the millisecond.
pub(crate) fn show(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms} ms"), |t| format!("{t:.3}"))
}

/// How long, in the unit that a person would choose.
pub(crate) fn age(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    match s {
        0 => format!("{} ms", ms.max(0)),
        1..=119 => format!("{s} s"),
        120..=7199 => format!("{} min", s / 60),
        7200..=172_799 => format!("{} h", s / 3600),
        _ => format!("{} d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        assert_eq!(parse("1970-01-02"), Ok(86_400_000));
        assert_eq!(parse("1970-01-01T00:00:01.5Z"), Ok(1500));
        assert!(parse("1h").unwrap() < parse("1m").unwrap());
        assert!(parse("yesterday").is_err());
        assert_eq!(show(1500), "1970-01-01T00:00:01.500Z");
        assert_eq!(
            (age(900).as_str(), age(90_000).as_str(), age(7_200_000).as_str()),
            ("900 ms", "90 s", "2 h")
        );
    }
}
