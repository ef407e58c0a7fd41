//! The tree of an e-invoice as reading its fields wants it: what is missing is empty, and paths follow the first element.
//!
//! The tree itself, its limits and what it refuses are those of `docmill-en16931`, so that fields and business rules are read
//! from one and the same document.

use docmill_en16931 as en16931;

/// An element, or none.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Node<'d>(Option<en16931::Node<'d>>);

impl<'d> Node<'d> {
    /// The root of a document.
    pub(super) fn root(document: &'d en16931::Document) -> Self {
        Self(Some(document.root()))
    }

    /// Local name; empty where there is no element.
    pub(super) fn name(self) -> &'d str {
        self.0.map_or("", en16931::Node::name)
    }

    /// Its own text without space around it.
    pub(super) fn text(self) -> &'d str {
        self.0.map_or("", en16931::Node::trimmed)
    }

    /// Elements inside, in order.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        self.0.into_iter().flat_map(en16931::Node::children).map(|n| Self(Some(n)))
    }

    /// All elements inside of that name.
    pub(super) fn all(self, name: &str) -> impl Iterator<Item = Self> {
        self.children().filter(move |c| c.name() == name)
    }

    /// The element at a path such as `A/B|C/D`, where `|` separates names that mean the same. Of elements of one name it is
    /// the first that counts, whatever is in the others.
    pub(super) fn at(self, path: &str) -> Option<Self> {
        path.split('/').try_fold(self, |node, step| {
            node.children().find(|child| step.split('|').any(|name| name == child.name()))
        })
    }

    /// The text at a path; none where it is missing or empty.
    pub(super) fn text_at(self, path: &str) -> Option<String> {
        self.at(path).map(Self::text).filter(|t| !t.is_empty()).map(str::to_owned)
    }

    /// The value of an attribute, by its local name.
    pub(super) fn attribute(self, name: &str) -> Option<&'d str> {
        self.0?.attribute(name)
    }

    /// What stands in all elements inside of that name.
    fn texts(self, name: &'static str) -> impl Iterator<Item = String> {
        self.all(name).map(|n| n.text().to_owned()).filter(|t| !t.is_empty())
    }

    /// Accounts, tax ids and the code of the document type, of UBL and CII.
    pub(super) fn known(self) -> super::Known {
        let code = "InvoiceTypeCode|CreditNoteTypeCode";
        let code = self.text_at(code).or_else(|| self.text_at(&format!("{}/TypeCode", super::cii::DOCUMENT)));
        let mut known = super::Known { type_code: code, ..super::Known::default() };
        let inside = self.0.into_iter().flat_map(en16931::Node::descendants);
        for node in inside.map(|n| Self(Some(n))) {
            match node.name() {
                "PayeePartyCreditorFinancialAccount" => {
                    known.accounts.extend(node.texts("IBANID").chain(node.texts("ProprietaryID")));
                }
                "PayeeFinancialAccount" => known.accounts.extend(node.texts("ID")),
                "PayerPartyDebtorFinancialAccount" => {
                    known.debited.extend(node.texts("IBANID").chain(node.texts("ProprietaryID")));
                }
                "PayerFinancialAccount" => known.debited.extend(node.texts("ID")),
                "SpecifiedTaxRegistration" | "PartyTaxScheme" => {
                    known.tax_ids.extend(node.text_at("ID|CompanyID"));
                }
                _ => {}
            }
        }
        known
    }
}
