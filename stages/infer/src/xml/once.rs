//! What an e-invoice says twice, and in whose name.
//!
//! The reader takes the first of elements of one name. Where another one says something else, two programs may read two
//! invoices from one document; and where the root is of a namespace that nobody knows, other programs read none. Rule: nothing
//! is chosen here; both are told.

use docmill_contracts::{Problem, Severity};
use docmill_en16931::{Document, Node};

/// An element that may stand once stands twice.
const TWICE: &str = "INFER-0150";
/// The root is of no namespace that is known.
const NAMESPACE: &str = "INFER-0151";

/// Most elements that are told.
const MOST: usize = 10;

/// Namespaces of UBL 2, which end with the name of the root element and the version.
const UBL: &str = "urn:oasis:names:specification:ubl:schema:xsd:";
/// Beginnings of the namespaces that other root elements have: UN/CEFACT, ZUGFeRD 1.0.
const OTHERS: [&str; 2] = ["urn:un:unece:uncefact:data:", "urn:ferd:"];

/// Problems of an e-invoice that says something twice, or is of another namespace.
pub(super) fn problems(document: &Document) -> Vec<Problem> {
    let mut found: Vec<Problem> = namespace(document).into_iter().collect();
    let mut told: Vec<(&str, &str)> = Vec::new();
    for parent in document.nodes() {
        let once = once(parent.name());
        if once.is_empty() {
            continue;
        }
        let mut first: Vec<Node<'_>> = Vec::new();
        for child in parent.children().filter(|c| once.contains(&c.name())) {
            match first.iter().find(|f| is_again(**f, child)) {
                None => first.push(child),
                Some(before) if same(*before, child) => {}
                Some(before) => {
                    let place = (parent.name(), child.name());
                    if !told.contains(&place) && told.len() < MOST {
                        told.push(place);
                        found.push(twice(parent, *before, child));
                    }
                }
            }
        }
    }
    found
}

fn namespace(document: &Document) -> Option<Problem> {
    let found = document.namespace();
    let root = document.root().name();
    let is_ubl = found.strip_prefix(UBL).and_then(|rest| rest.strip_suffix("-2")) == Some(root);
    if is_ubl || OTHERS.iter().any(|known| found.starts_with(known)) {
        return None;
    }
    let message = match found {
        "" => format!("the root element `{root}` has no namespace: by the standards it is no e-invoice"),
        other => format!(
            "the root element `{root}` is of the namespace `{}`, which is not that of an e-invoice",
            short(other)
        ),
    };
    Some(problem(NAMESPACE, message, &[]))
}

/// Whether it is the same term once more. Amounts in two currencies are two terms.
fn is_again(before: Node<'_>, child: Node<'_>) -> bool {
    before.name() == child.name() && before.attribute("currencyID") == child.attribute("currencyID")
}

/// Whether two elements say the same, with all that is inside of them.
fn same(a: Node<'_>, b: Node<'_>) -> bool {
    let [inside, others] = [a, b].map(|node| node.descendants().map(|n| (n.name(), n.trimmed())));
    a.trimmed() == b.trimmed() && inside.eq(others)
}

fn twice(parent: Node<'_>, before: Node<'_>, child: Node<'_>) -> Problem {
    let (name, inside) = (child.name(), parent.name());
    let values = match (before.trimmed(), child.trimmed()) {
        ("", _) | (_, "") => String::new(),
        (a, b) => format!(": `{}` and `{}`", short(a), short(b)),
    };
    let message = format!(
        "`{name}` stands more than once in `{inside}`, with different values{values}; the first was taken"
    );
    let is_root = parent.parent().is_none();
    let field = match name {
        "ID" if is_root || inside.ends_with("ExchangedDocument") => "invoice_number",
        "IssueDate" | "IssueDateTime" => "issue_date",
        "DocumentCurrencyCode" | "InvoiceCurrencyCode" => "currency",
        "GrandTotalAmount" | "TaxInclusiveAmount" => "grand_total",
        "DuePayableAmount" | "PayableAmount" => "due_payable",
        "TaxBasisTotalAmount" | "TaxExclusiveAmount" => "net_total",
        "IBANID" | "PayeeFinancialAccount" | "PayeePartyCreditorFinancialAccount" => "iban",
        _ => return problem(TWICE, message, &[]),
    };
    problem(TWICE, message, &[field])
}

/// Elements that stand at most once in an element of that name, by EN 16931 and by the schemas of both syntaxes.
fn once(parent: &str) -> &'static [&'static str] {
    match parent {
        "Invoice" | "CreditNote" | "Order" | "OrderChange" | "OrderResponse" => &[
            "ID",
            "IssueDate",
            "DueDate",
            "InvoiceTypeCode",
            "CreditNoteTypeCode",
            "DocumentCurrencyCode",
            "TaxCurrencyCode",
            "BuyerReference",
            "OrderReference",
            "AccountingSupplierParty",
            "AccountingCustomerParty",
            "SellerSupplierParty",
            "BuyerCustomerParty",
            "PayeeParty",
            "LegalMonetaryTotal",
            "AnticipatedMonetaryTotal",
        ],
        "LegalMonetaryTotal" | "AnticipatedMonetaryTotal" => &[
            "LineExtensionAmount",
            "TaxExclusiveAmount",
            "TaxInclusiveAmount",
            "AllowanceTotalAmount",
            "ChargeTotalAmount",
            "PrepaidAmount",
            "PayableRoundingAmount",
            "PayableAmount",
        ],
        "AccountingSupplierParty"
        | "AccountingCustomerParty"
        | "SellerSupplierParty"
        | "BuyerCustomerParty" => &["Party"],
        "Party" => &["PartyLegalEntity", "PostalAddress"],
        "PartyLegalEntity" => &["RegistrationName", "CompanyID"],
        "PartyTaxScheme" => &["CompanyID"],
        "PaymentMeans" => &["PayeeFinancialAccount"],
        "PayeeFinancialAccount" => &["ID"],
        "TaxTotal" => &["TaxAmount"],
        "TaxSubtotal" => &["TaxableAmount", "TaxAmount", "TaxCategory"],
        "TaxCategory" | "ClassifiedTaxCategory" => &["ID", "Percent"],
        "InvoiceLine" | "CreditNoteLine" | "LineItem" => &[
            "ID",
            "InvoicedQuantity",
            "CreditedQuantity",
            "Quantity",
            "LineExtensionAmount",
            "Item",
            "Price",
        ],
        "Price" => &["PriceAmount", "BaseQuantity"],
        "Item" => &["Name"],
        _ => once_in_cii(parent),
    }
}

fn once_in_cii(parent: &str) -> &'static [&'static str] {
    match parent {
        "CrossIndustryInvoice" | "CrossIndustryDocument" | "SCRDMCCBDACIOMessageStructure" => &[
            "ExchangedDocument",
            "HeaderExchangedDocument",
            "SupplyChainTradeTransaction",
            "SpecifiedSupplyChainTradeTransaction",
        ],
        "ExchangedDocument" | "HeaderExchangedDocument" => &["ID", "TypeCode", "IssueDateTime"],
        "SupplyChainTradeTransaction" | "SpecifiedSupplyChainTradeTransaction" => &[
            "ApplicableHeaderTradeAgreement",
            "ApplicableHeaderTradeDelivery",
            "ApplicableHeaderTradeSettlement",
            "ApplicableSupplyChainTradeAgreement",
            "ApplicableSupplyChainTradeDelivery",
            "ApplicableSupplyChainTradeSettlement",
        ],
        "ApplicableHeaderTradeAgreement" | "ApplicableSupplyChainTradeAgreement" => {
            &["SellerTradeParty", "BuyerTradeParty", "BuyerReference", "BuyerOrderReferencedDocument"]
        }
        "SellerTradeParty" | "BuyerTradeParty" | "PayeeTradeParty" => {
            &["Name", "SpecifiedLegalOrganization", "PostalTradeAddress"]
        }
        "ApplicableHeaderTradeSettlement" | "ApplicableSupplyChainTradeSettlement" => &[
            "InvoiceCurrencyCode",
            "OrderCurrencyCode",
            "TaxCurrencyCode",
            "PaymentReference",
            "PayeeTradeParty",
            "SpecifiedTradeSettlementHeaderMonetarySummation",
            "SpecifiedTradeSettlementMonetarySummation",
        ],
        "SpecifiedTradeSettlementHeaderMonetarySummation"
        | "SpecifiedTradeSettlementMonetarySummation"
        | "SpecifiedTradeSettlementLineMonetarySummation" => &[
            "LineTotalAmount",
            "AllowanceTotalAmount",
            "ChargeTotalAmount",
            "TaxBasisTotalAmount",
            "GrandTotalAmount",
            "TotalPrepaidAmount",
            "RoundingAmount",
            "DuePayableAmount",
        ],
        "SpecifiedTradeSettlementPaymentMeans" => &["PayeePartyCreditorFinancialAccount"],
        "PayeePartyCreditorFinancialAccount" => &["IBANID", "ProprietaryID"],
        "ApplicableTradeTax" => {
            &["CalculatedAmount", "BasisAmount", "CategoryCode", "RateApplicablePercent", "ApplicablePercent"]
        }
        "IncludedSupplyChainTradeLineItem" => &[
            "AssociatedDocumentLineDocument",
            "SpecifiedTradeProduct",
            "SpecifiedLineTradeAgreement",
            "SpecifiedLineTradeDelivery",
            "SpecifiedLineTradeSettlement",
        ],
        "SpecifiedLineTradeAgreement" => &["GrossPriceProductTradePrice", "NetPriceProductTradePrice"],
        "GrossPriceProductTradePrice" | "NetPriceProductTradePrice" => &["ChargeAmount", "BasisQuantity"],
        "SpecifiedLineTradeDelivery" => &["BilledQuantity", "RequestedQuantity", "AgreedQuantity"],
        "SpecifiedLineTradeSettlement" => &["SpecifiedTradeSettlementLineMonetarySummation"],
        "SpecifiedTradeProduct" => &["Name"],
        _ => &[],
    }
}

fn problem(code: &str, message: String, fields: &[&str]) -> Problem {
    let fields = fields.iter().map(|name| (*name).to_owned()).collect();
    Problem { code: code.to_owned(), severity: Severity::Error, message, fields, page: None }
}

/// One line of a value, for a message.
fn short(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(xml: &str) -> Vec<Problem> {
        problems(&Document::parse(xml.as_bytes()).unwrap())
    }

    fn invoice(inside: &str) -> Vec<Problem> {
        found(&format!("<Invoice xmlns='{UBL}Invoice-2'>{inside}</Invoice>"))
    }

    #[test]
    fn an_element_that_says_two_things_is_told_with_its_field() {
        let problems = invoice("<ID>A-1</ID><ID>A-2</ID>");
        let [problem] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!((problem.code.as_str(), problem.severity), ("INFER-0150", Severity::Error));
        assert_eq!(problem.fields, ["invoice_number"]);
        assert!(problem.message.contains("`A-1` and `A-2`"), "{}", problem.message);
        assert_eq!(invoice("<ID>A-1</ID><ID> A-1 </ID>"), [], "the same twice is no contradiction");
        let party =
            |name: &str| format!("<Party><PostalAddress><CityName>{name}</CityName></PostalAddress></Party>");
        let sellers = |a: &str, b: &str| {
            invoice(&format!("<AccountingSupplierParty>{}{}</AccountingSupplierParty>", party(a), party(b)))
                .len()
        };
        assert_eq!((sellers("Bonn", "Bonn"), sellers("Bonn", "Köln")), (0, 1));
    }

    #[test]
    fn a_second_total_of_cii_is_told_and_one_in_another_currency_is_not() {
        let sums = |second: &str| {
            found(&format!(
                "<CrossIndustryInvoice xmlns='urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100'>\
                <SpecifiedTradeSettlementHeaderMonetarySummation><GrandTotalAmount>119.00</GrandTotalAmount>{second}\
                <TaxTotalAmount>1</TaxTotalAmount><TaxTotalAmount>2</TaxTotalAmount>\
                </SpecifiedTradeSettlementHeaderMonetarySummation></CrossIndustryInvoice>"
            ))
        };
        assert_eq!(sums(""), []);
        assert_eq!(sums("<GrandTotalAmount>1.00</GrandTotalAmount>")[0].fields, ["grand_total"]);
        assert_eq!(sums("<GrandTotalAmount currencyID='USD'>1.00</GrandTotalAmount>"), []);
    }

    #[test]
    fn what_may_stand_often_is_no_contradiction_and_the_list_ends() {
        assert_eq!(
            invoice("<Note>a</Note><Note>b</Note><PaymentMeans/><PaymentMeans><ID/></PaymentMeans>"),
            []
        );
        let lines = "<InvoiceLine><ID>1</ID><ID>x</ID></InvoiceLine>".repeat(50);
        assert_eq!(invoice(&lines).len(), 1, "one for all lines");
    }

    #[test]
    fn a_root_of_another_namespace_is_told() {
        let codes = |xml: &str| found(xml).into_iter().map(|p| p.code).collect::<Vec<_>>();
        assert_eq!(codes("<Invoice xmlns='urn:example:invoice'/>"), ["INFER-0151"]);
        let ubl = |end: &str| codes(&format!("<CreditNote xmlns='{UBL}{end}'/>"));
        assert_eq!(ubl("CreditNote-2"), Vec::<String>::new());
        assert_eq!(
            (ubl("CreditNote-3"), ubl("Invoice-2")),
            (vec!["INFER-0151".to_owned()], vec!["INFER-0151".to_owned()])
        );
        assert_eq!(codes("<Invoice/>"), ["INFER-0151"]);
        assert_eq!(
            codes("<f:CrossIndustryDocument xmlns:f='urn:ferd:CrossIndustryDocument:invoice:1p0'/>"),
            Vec::<String>::new()
        );
        assert_eq!(invoice(""), []);
    }
}
