//! What a run came to, for people.

use super::check::Violation;
use super::schedule::Fault;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Violations of one rule that are shown.
const SHOWN: usize = 20;

/// The outcome of a run.
pub(super) struct Report {
    pub(super) seed: u64,
    pub(super) brokers: u16,
    /// Records on documents.submitted.
    pub(super) submitted: usize,
    pub(super) results: usize,
    pub(super) pages: usize,
    pub(super) assembled: usize,
    pub(super) dead_letters: usize,
    pub(super) faults: BTreeMap<Fault, usize>,
    pub(super) restarts: usize,
    /// Ends of stages that nobody caused, with their last words.
    pub(super) unprovoked: Vec<String>,
    pub(super) stage_recoveries: Vec<Duration>,
    pub(super) broker_recoveries: Vec<Duration>,
    /// How often the submitter had to begin anew because the end of a transaction was unknown.
    pub(super) producers_replaced: usize,
    /// From the start of the stages to the last result.
    pub(super) took: Duration,
    /// Longest time without a result.
    pub(super) stall: Duration,
    pub(super) digest: String,
    pub(super) undisturbed: String,
    pub(super) violations: Vec<Violation>,
}

impl Report {
    /// Its lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("seed               {}", self.seed),
            format!("brokers            {}", self.brokers),
            format!("submitted          {}", self.submitted),
            format!("results            {}", self.results),
            format!("pages              {}", self.pages),
            format!("assembled          {}", self.assembled),
            format!("dead letters       {}", self.dead_letters),
            format!("duration           {:.1} s", self.took.as_secs_f32()),
            format!("longest stall      {:.1} s", self.stall.as_secs_f32()),
        ];
        lines.push("faults".into());
        lines.extend(
            self.faults.iter().map(|(fault, count)| format!("  {:<36} {count:>4}", fault.to_string())),
        );
        lines.push(format!("restarts           {}", self.restarts));
        lines.push(format!("ended by themselves {}", self.unprovoked.len()));
        lines.extend(shown(&self.unprovoked));
        lines.push(format!("submitter began anew {}", self.producers_replaced));
        lines.push(format!("stages back after  {}", spread(&self.stage_recoveries)));
        lines.push(format!("brokers back after {}", spread(&self.broker_recoveries)));
        lines.push(format!("digest             {}", self.digest));
        lines.push(format!("undisturbed        {}", self.undisturbed));
        if self.violations.is_empty() {
            lines.push("verdict            nothing lost, nothing doubled, nothing out of order".into());
            return lines;
        }
        lines.push(format!("verdict            {} violations", self.violations.len()));
        let mut by_rule: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for v in &self.violations {
            by_rule.entry(v.rule.to_string()).or_default().push(v.what.clone());
        }
        for (rule, all) in by_rule {
            lines.push(format!("violated: {rule} ({})", all.len()));
            lines.extend(shown(&all));
        }
        lines
    }
}

fn shown(all: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = all.iter().take(SHOWN).map(|w| format!("  {w}")).collect();
    if all.len() > SHOWN {
        lines.push(format!("  and {} more", all.len() - SHOWN));
    }
    lines
}

/// Median and longest.
fn spread(all: &[Duration]) -> String {
    let mut sorted = all.to_vec();
    sorted.sort();
    match (sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(median), Some(longest)) => format!(
            "{:.1} s (median), {:.1} s (longest) of {}",
            median.as_secs_f32(),
            longest.as_secs_f32(),
            sorted.len()
        ),
        _ => "nothing to come back from".into(),
    }
}

/// Longest time between two moments, and from the start to the first.
pub(super) fn longest_gap(start: Instant, moments: &[Instant]) -> Duration {
    let mut last = start;
    let mut longest = Duration::ZERO;
    for at in moments {
        longest = longest.max(at.saturating_duration_since(last));
        last = *at;
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_counts_from_the_start() {
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        assert_eq!(longest_gap(start, &[at(3), at(4), at(9), at(9)]), Duration::from_secs(5));
        assert_eq!(longest_gap(start, &[]), Duration::ZERO);
    }

    #[test]
    fn times_are_told_by_median_and_longest() {
        let all: Vec<_> = [3, 1, 2].map(Duration::from_secs).to_vec();
        assert_eq!(spread(&all), "2.0 s (median), 3.0 s (longest) of 3");
    }
}
