//! An invoice before it is drawn or written as XML, so that the page and the XML cannot differ. Amounts are whole cents.

use std::collections::BTreeMap;

/// A firm.
pub(crate) struct Party {
    pub(crate) name: &'static str,
    pub(crate) street: &'static str,
    pub(crate) postcode: &'static str,
    pub(crate) city: &'static str,
    pub(crate) country: &'static str,
    pub(crate) vat_id: &'static str,
}

/// A line of an invoice.
pub(crate) struct Line {
    pub(crate) article: &'static str,
    pub(crate) description: &'static str,
    pub(crate) quantity: i64,
    /// UN/ECE Recommendation 20.
    pub(crate) unit_code: &'static str,
    /// The unit as printed.
    pub(crate) unit: &'static str,
    pub(crate) price: i64,
    /// Per cent.
    pub(crate) vat_rate: i64,
}

impl Line {
    pub(crate) fn total(&self) -> i64 {
        self.quantity * self.price
    }
}

/// A charge on the whole document.
pub(crate) struct Charge {
    pub(crate) reason: &'static str,
    pub(crate) amount: i64,
    pub(crate) vat_rate: i64,
}

/// An invoice.
pub(crate) struct Invoice {
    pub(crate) number: &'static str,
    /// ISO 8601 days.
    pub(crate) issue_date: &'static str,
    pub(crate) due_date: &'static str,
    pub(crate) delivery_date: &'static str,
    pub(crate) order_ref: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) seller: Party,
    pub(crate) buyer: Party,
    pub(crate) iban: &'static str,
    pub(crate) bic: &'static str,
    pub(crate) lines: Vec<Line>,
    pub(crate) charge: Option<Charge>,
}

/// One rate of the VAT breakdown.
pub(crate) struct Vat {
    /// Per cent.
    pub(crate) rate: i64,
    pub(crate) base: i64,
    pub(crate) tax: i64,
}

impl Invoice {
    /// Sum of the lines (BT-106).
    pub(crate) fn line_total(&self) -> i64 {
        self.lines.iter().map(Line::total).sum()
    }

    /// Charges on the document (BT-108).
    pub(crate) fn charges(&self) -> i64 {
        self.charge.as_ref().map_or(0, |c| c.amount)
    }

    /// Total without VAT (BT-109).
    pub(crate) fn net(&self) -> i64 {
        self.line_total() + self.charges()
    }

    /// VAT by rate (BG-23), highest rate first.
    pub(crate) fn vat(&self) -> Vec<Vat> {
        let mut bases: BTreeMap<i64, i64> = BTreeMap::new();
        for line in &self.lines {
            *bases.entry(line.vat_rate).or_default() += line.total();
        }
        if let Some(charge) = &self.charge {
            *bases.entry(charge.vat_rate).or_default() += charge.amount;
        }
        bases
            .into_iter()
            .rev()
            .map(|(rate, base)| Vat { rate, base, tax: (base * rate + 50) / 100 })
            .collect()
    }

    /// Total VAT (BT-110).
    pub(crate) fn tax(&self) -> i64 {
        self.vat().iter().map(|v| v.tax).sum()
    }

    /// Total with VAT (BT-112).
    pub(crate) fn grand_total(&self) -> i64 {
        self.net() + self.tax()
    }
}

/// An amount with separators: `money(123456, ",", ".")` is 1,234.56.
pub(crate) fn money(cents: i64, group: &str, point: &str) -> String {
    let whole = (cents / 100).to_string();
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push_str(group);
        }
        grouped.push(digit);
    }
    format!("{grouped}{point}{:02}", cents % 100)
}

/// An amount as XML has it: 1234.56.
pub(crate) fn plain(cents: i64) -> String {
    money(cents, "", ".")
}

/// An IBAN in groups of four.
pub(crate) fn grouped_iban(iban: &str) -> String {
    let mut out = String::new();
    for (i, c) in iban.chars().enumerate() {
        if i > 0 && i % 4 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// `2025-03-09` as `9 March 2025`.
pub(crate) fn long_date(iso: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month: usize = iso[5..7].parse().unwrap_or(1);
    format!("{} {} {}", iso[8..].trim_start_matches('0'), MONTHS[month - 1], &iso[..4])
}

/// `2025-03-09` as `09.03.2025`.
pub(crate) fn german_date(iso: &str) -> String {
    format!("{}.{}.{}", &iso[8..], &iso[5..7], &iso[..4])
}

/// `2025-03-09` as `09/03/2025`.
pub(crate) fn slash_date(iso: &str) -> String {
    format!("{}/{}/{}", &iso[8..], &iso[5..7], &iso[..4])
}
