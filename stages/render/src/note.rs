//! What a person is told about a page: why its words come from where they do, and which words nobody can see.

use crate::protocol::{Attached, Hidden, Note, Unread, Why};
use docmill_contracts::{Page, Problem, Severity};

/// Code of the problem that text of the text layer cannot be seen.
const HIDDEN_TEXT: &str = "RENDER-0016";
/// Code of the problem that an attachment was not read as the e-invoice that it should be.
const UNREAD: &str = "RENDER-0017";
/// Code of the problem that two attached e-invoices contradict each other.
const CONTRADICTION: &str = "RENDER-0018";

/// Fewest words that somebody hid which are worth a look; less are the marks that programs leave.
const WORTH_A_LOOK: u32 = 3;
/// Fewest words that are cut off or beside the page: forms that overflow and notes to the printer are common.
const LEFTOVERS: u32 = 20;

/// The page with what was noticed about it.
pub(crate) fn noted(page: Page, note: &Note) -> Page {
    let text_reason = reason(note.why);
    let mut problems: Vec<Problem> = hidden(note.hidden, page.page_no).into_iter().collect();
    problems.extend(attached(&note.attached));
    Page { text_reason, problems, ..page }
}

fn reason(why: Why) -> Option<String> {
    let percent = |share: f32| (share.clamp(0.0, 1.0) * 100.0).round() as u8;
    Some(match why {
        Why::Plain => return None,
        Why::ScannerGood { clean } => {
            format!("the scanner's text layer is good: {} % of it are clean words", percent(clean))
        }
        Why::OverImage { images } => {
            format!("text layer over images that cover {} % of the page", percent(images))
        }
        Why::ScannerPoor { clean } => {
            format!("the scanner's text layer is poor: only {} % of it are clean words", percent(clean))
        }
        Why::NoText => "the page has no text layer".to_owned(),
        Why::LittleText { characters } => {
            format!("the text layer has only {characters} characters, and the page shows more than text")
        }
        Why::NotLanguage { share } => {
            format!("only {} % of the text layer are letters and digits", percent(share))
        }
        Why::Garbage { share } => format!("{} % of the glyphs stand for no character", percent(share)),
        Why::NotTrusted => "the text layer is not to be used".to_owned(),
    })
}

fn hidden(hidden: Hidden, page: i32) -> Option<Problem> {
    let kinds = [
        (hidden.invisible, "drawn invisibly"),
        (hidden.background, "in the colour of the background"),
        (hidden.covered, "painted over"),
        (hidden.clipped, "cut off"),
        (hidden.tiny, "too small to be read"),
        (hidden.outside, "outside of the page"),
    ];
    let sum = |kinds: &[(u32, &str)]| kinds.iter().fold(0_u32, |sum, (n, _)| sum.saturating_add(*n));
    let (words, leftovers) = (sum(&kinds), hidden.clipped.saturating_add(hidden.outside));
    if words.saturating_sub(leftovers) < WORTH_A_LOOK && leftovers < LEFTOVERS {
        return None;
    }
    let parts: Vec<String> =
        kinds.iter().filter(|(n, _)| *n > 0).map(|(n, how)| format!("{n} {how}")).collect();
    Some(Problem {
        code: HIDDEN_TEXT.to_owned(),
        severity: Severity::Warning,
        message: format!(
            "{words} words of the text layer cannot be seen and were left out: {}",
            parts.join(", ")
        ),
        fields: Vec::new(),
        page: Some(page),
    })
}

/// What is to be told of the document's attachments.
fn attached(attached: &Attached) -> impl Iterator<Item = Problem> {
    let unread = attached.unread.iter().map(|(name, why)| {
        let why = match why {
            Unread::Empty => "it is empty".to_owned(),
            Unread::TooLarge { limit } => format!("it has more than {limit} bytes"),
            Unread::Unknown => "it is no XML of an e-invoice that is known".to_owned(),
            Unread::Refused => "there is another one, and this is no XML that may be read".to_owned(),
            Unread::Second => "there is another one, which it cannot be compared with".to_owned(),
        };
        let message = format!("attachment `{}` was not read as an e-invoice: {why}", quoted(name));
        problem(UNREAD, Severity::Warning, message)
    });
    let second = attached.second.iter().map(|second| {
        let differs: Vec<String> = second.differs.iter().map(|what| quoted(what)).collect();
        let message = format!(
            "two attached e-invoices differ in {}: `{}` was read, `{}` was not",
            differs.join(", "),
            quoted(&second.used),
            quoted(&second.other)
        );
        problem(CONTRADICTION, Severity::Error, message)
    });
    unread.chain(second)
}

fn problem(code: &str, severity: Severity, message: String) -> Problem {
    Problem { code: code.to_owned(), severity, message, fields: Vec::new(), page: None }
}

/// A name that the document chose, for a message.
fn quoted(name: &str) -> String {
    name.chars().filter(|c| !c.is_control() && *c != '`').take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Second;

    #[test]
    fn what_was_noticed_is_said_in_words() {
        let hidden = Hidden { background: 4, outside: 1, ..Hidden::default() };
        let note = Note { why: Why::ScannerPoor { clean: 0.714 }, hidden, ..Note::default() };
        let page = noted(Page { page_no: 2, ..Page::default() }, &note);
        assert_eq!(
            page.text_reason.as_deref(),
            Some("the scanner's text layer is poor: only 71 % of it are clean words")
        );
        let [problem] = page.problems.as_slice() else { panic!("{page:?}") };
        assert_eq!((problem.code.as_str(), problem.page), ("RENDER-0016", Some(2)));
        assert_eq!(
            problem.message,
            "5 words of the text layer cannot be seen and were left out: 4 in the colour of the background, 1 outside of the page"
        );
        let overflow =
            Note { hidden: Hidden { clipped: 9, tiny: 2, ..Hidden::default() }, ..Note::default() };
        assert_eq!(noted(Page::default(), &overflow).problems, [], "leftovers are no attempt at anything");
        let plain = noted(Page::default(), &Note::default());
        assert_eq!((plain.text_reason, plain.problems), (None, Vec::new()));
    }

    #[test]
    fn attachments_that_were_not_read_or_contradict_are_told() {
        let mut attached = Attached::default();
        attached.tell("factur-x.xml".to_owned(), Unread::Empty);
        attached.second = Some(Second {
            used: "a`.xml".to_owned(),
            other: "b.xml".to_owned(),
            differs: vec!["number".to_owned(), "total".to_owned()],
        });
        let page = noted(Page::default(), &Note { attached, ..Note::default() });
        let told: Vec<_> =
            page.problems.iter().map(|p| (p.code.as_str(), p.severity, p.message.as_str())).collect();
        assert_eq!(
            told,
            [
                (
                    "RENDER-0017",
                    Severity::Warning,
                    "attachment `factur-x.xml` was not read as an e-invoice: it is empty"
                ),
                (
                    "RENDER-0018",
                    Severity::Error,
                    "two attached e-invoices differ in number, total: `a.xml` was read, `b.xml` was not"
                ),
            ]
        );
    }
}
