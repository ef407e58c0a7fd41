//! What a code means: its page of docs/errors, carried by the command itself.

/// Code and page, ordered by code.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/error_pages.rs"));

/// Where the page of a code stands.
pub(super) fn path(code: &str) -> String {
    format!("docs/errors/{code}.md")
}

/// The page itself.
pub(super) fn text(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(c, _)| *c == code).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_carries_the_pages() {
        assert!(PAGES.len() > 10);
        assert!(text("LOG-0001").is_some_and(|t| t.starts_with("# LOG-0001")));
        assert!(text("README").is_none() && text("").is_none());
    }
}
