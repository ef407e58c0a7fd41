//! Worker `page`: reads a range of pages. Every page ends in exactly one record.

use crate::RenderError;
use crate::client::Client;
use docmill_contracts::{ErrorInfo, Page, PageRecognized, PageRendered, PagesPlanned};
use docmill_runtime::{Cost, Cx, Outputs, Stage, Unreadable};
use std::sync::Arc;

/// Most pages of one range, whatever the record says.
const MAX_RANGE: i32 = 1024;

/// The stage of worker `page`.
#[derive(Debug)]
pub struct PageStage(pub(crate) Arc<Client>);

impl Stage for PageStage {
    type In = PagesPlanned;
    type Err = RenderError;

    fn cost(&self, input: &PagesPlanned) -> Cost {
        Cost { units: u32::try_from(range(input).count()).unwrap_or(1).max(1) }
    }

    async fn run(&self, input: &PagesPlanned, _cx: &Cx) -> Result<Outputs, RenderError> {
        let numbers = range(input);
        let more = *numbers.end() < input.page_count;
        let document = self.0.document(&input.head, more).await?;
        let (first, last) = (u32::try_from(*numbers.start()), u32::try_from(*numbers.end()));
        let (Ok(first), Ok(last)) = (first, last) else { return Ok(Outputs::none()) };
        let inline = u32::try_from(input.page_count).is_ok_and(|n| n <= self.0.config.inline_pages);
        let mut outputs = Outputs::none();
        let done = |page: Page| {
            let (head, page_count) = (input.head.clone(), input.page_count);
            if page.image.is_some() {
                outputs.push(PageRendered { head, page_count, page });
            } else {
                // Nothing for OCR to do: this spares the hop.
                outputs.push(PageRecognized { head, page_count, page });
            }
        };
        self.0.pages(&input.head, &document, (first, last), inline, done).await?;
        Ok(outputs)
    }

    fn dead(&self, input: &PagesPlanned, error: ErrorInfo) -> Outputs {
        let mut outputs = Outputs::none();
        for page_no in range(input) {
            let error = Some(ErrorInfo { page: Some(page_no), ..error.clone() });
            let page = Page { page_no, error, ..Page::default() };
            outputs.push(PageRecognized { head: input.head.clone(), page_count: input.page_count, page });
        }
        outputs
    }

    fn unreadable(&self, record: Unreadable) -> Outputs {
        Outputs::one(PageRecognized::lost(record.head(), record.error))
    }
}

fn range(input: &PagesPlanned) -> std::ops::RangeInclusive<i32> {
    let first = input.first_page.max(1);
    first..=input.last_page.min(first.saturating_add(MAX_RANGE - 1))
}
