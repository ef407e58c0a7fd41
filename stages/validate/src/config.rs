//! What an operator may set: when a document may be accepted unseen, for all and for single tenants.

use crate::{ValidateError, names};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Settings of validate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Least confidence of every required field for a document to be accepted unseen, 0 to 1.
    pub accept_confidence: f64,
    /// Least mean confidence of the required fields for a document to be accepted unseen, 0 to 1: the share of them that should be
    /// right. One that was not found counts as 0. `docmill train` prints what to set for a precision; with it, `accept_confidence` may be
    /// lower.
    pub accept_document_confidence: f64,
    /// Least confidence of the document type for a document to be accepted unseen, 0 to 1.
    pub accept_type_confidence: f64,
    /// Required fields below this confidence have the document rejected instead of reviewed, 0 to 1.
    pub reject_confidence: f64,
    /// Least confidence of single fields, required or not, in place of `accept_confidence`.
    pub field_confidence: BTreeMap<String, f64>,
    /// Codes of problems that have a document rejected instead of reviewed.
    pub reject_codes: Vec<String>,
    /// Codes of problems that do not keep a document from being accepted.
    pub tolerate_codes: Vec<String>,
    /// How far after its submission a document may be dated, in days.
    pub max_days_ahead: i32,
    /// Whether a document is compared with others of its seller, number and total.
    pub find_duplicates: bool,
    /// How long a document is remembered for that after it was validated, in days.
    pub duplicates_within_days: i32,
    /// Settings of single tenants, in place of those above.
    pub tenants: BTreeMap<String, Policy>,
}

/// Settings of one tenant; what is not set is as for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// As `accept_confidence`.
    pub accept_confidence: Option<f64>,
    /// As `accept_document_confidence`.
    pub accept_document_confidence: Option<f64>,
    /// As `accept_type_confidence`.
    pub accept_type_confidence: Option<f64>,
    /// As `reject_confidence`.
    pub reject_confidence: Option<f64>,
    /// As `field_confidence`; fields that are not named keep theirs.
    pub field_confidence: BTreeMap<String, f64>,
    /// As `reject_codes`.
    pub reject_codes: Option<Vec<String>>,
    /// As `tolerate_codes`.
    pub tolerate_codes: Option<Vec<String>>,
    /// As `max_days_ahead`.
    pub max_days_ahead: Option<i32>,
    /// As `find_duplicates`.
    pub find_duplicates: Option<bool>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            accept_confidence: 0.85,
            accept_document_confidence: 0.0,
            accept_type_confidence: 0.5,
            reject_confidence: 0.0,
            field_confidence: BTreeMap::new(),
            reject_codes: Vec::new(),
            tolerate_codes: Vec::new(),
            max_days_ahead: 31,
            find_duplicates: true,
            duplicates_within_days: 400,
            tenants: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The settings for a tenant.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Cow<'_, Self> {
        let Some(policy) = self.tenants.get(tenant) else { return Cow::Borrowed(self) };
        let mut fields = self.field_confidence.clone();
        fields.extend(policy.field_confidence.clone());
        Cow::Owned(Self {
            accept_confidence: policy.accept_confidence.unwrap_or(self.accept_confidence),
            accept_document_confidence: policy
                .accept_document_confidence
                .unwrap_or(self.accept_document_confidence),
            accept_type_confidence: policy.accept_type_confidence.unwrap_or(self.accept_type_confidence),
            reject_confidence: policy.reject_confidence.unwrap_or(self.reject_confidence),
            field_confidence: fields,
            reject_codes: policy.reject_codes.clone().unwrap_or_else(|| self.reject_codes.clone()),
            tolerate_codes: policy.tolerate_codes.clone().unwrap_or_else(|| self.tolerate_codes.clone()),
            max_days_ahead: policy.max_days_ahead.unwrap_or(self.max_days_ahead),
            find_duplicates: policy.find_duplicates.unwrap_or(self.find_duplicates),
            duplicates_within_days: self.duplicates_within_days,
            tenants: BTreeMap::new(),
        })
    }

    /// Least confidence of a field.
    pub(crate) fn least(&self, field: &str) -> f64 {
        self.field_confidence.get(field).copied().unwrap_or(self.accept_confidence)
    }

    /// Every mistake at once.
    pub(crate) fn check(&self) -> Result<(), ValidateError> {
        let mut mistakes = self.mistakes("");
        for tenant in self.tenants.keys() {
            mistakes.extend(self.of_tenant(tenant).mistakes(&format!("tenants.{tenant}.")));
        }
        mistakes.dedup();
        if mistakes.is_empty() { Ok(()) } else { Err(ValidateError::Config { mistakes }) }
    }

    /// What is likely a mistake, and may be none: fields that are not the built-in document's may be those of a tenant's schema.
    pub fn doubts(&self) -> Vec<String> {
        let own = self.field_confidence.keys().map(|name| (String::new(), name));
        let tenants = self.tenants.iter().flat_map(|(tenant, policy)| {
            policy.field_confidence.keys().map(move |name| (format!("tenants.{tenant}."), name))
        });
        let unknown = own.chain(tenants).filter(|(_, name)| !names::is_built_in_field(name));
        let say = |(place, name)| {
            format!(
                "stages.validate.{place}field_confidence.{name}: the built-in document has no such field, only a schema of yours can"
            )
        };
        unknown.map(say).collect()
    }

    fn mistakes(&self, place: &str) -> Vec<String> {
        let mut mistakes = Vec::new();
        let fields = self.field_confidence.iter().map(|(name, v)| (format!("field_confidence.{name}"), *v));
        let own = [
            ("accept_confidence", self.accept_confidence),
            ("accept_document_confidence", self.accept_document_confidence),
            ("accept_type_confidence", self.accept_type_confidence),
            ("reject_confidence", self.reject_confidence),
        ];
        for (name, value) in own.map(|(name, v)| (name.to_owned(), v)).into_iter().chain(fields) {
            if !(0.0..=1.0).contains(&value) {
                mistakes.push(format!("{place}{name} = {value} is not within 0..=1"));
            }
        }
        for (name, codes) in [("reject_codes", &self.reject_codes), ("tolerate_codes", &self.tolerate_codes)]
        {
            for code in codes.iter().filter(|code| !names::is_code(code)) {
                mistakes.push(format!("{place}{name}: no rule has the code {code}"));
            }
        }
        if !(0..=3650).contains(&self.max_days_ahead) {
            mistakes.push(format!("{place}max_days_ahead = {} is not within 0..=3650", self.max_days_ahead));
        }
        if !(1..=3650).contains(&self.duplicates_within_days) {
            let days = self.duplicates_within_days;
            mistakes.push(format!("duplicates_within_days = {days} is not within 1..=3650"));
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_what_it_sets_and_the_rest_of_all() {
        let text = r#"{"accept_confidence": 0.9, "field_confidence": {"iban": 0.95, "bic": 0.5}, "reject_codes": ["INFER-0141"],
            "tenants": {"acme": {"accept_confidence": 0.7, "field_confidence": {"bic": 0.6}, "reject_codes": []}}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        config.check().unwrap();
        let acme = config.of_tenant("acme");
        assert_eq!((acme.least("grand_total"), acme.least("iban"), acme.least("bic")), (0.7, 0.95, 0.6));
        assert_eq!((acme.reject_codes.len(), acme.max_days_ahead), (0, 31));
        assert_eq!(config.of_tenant("other").as_ref(), &config);
    }

    #[test]
    fn codes_that_no_rule_has_are_refused() {
        let text = r#"{"tolerate_codes": ["NO-SUCH-CODE", "BR-16"], "tenants": {"acme": {"reject_codes": ["VALIDATE-0999"]}}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        let error = config.check().unwrap_err().to_string();
        for part in [
            "tolerate_codes: no rule has the code NO-SUCH-CODE",
            "acme.reject_codes: no rule has the code VALIDATE-0999",
        ] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("BR-16"), "{error}");
    }

    #[test]
    fn fields_that_only_a_schema_can_have_are_doubtful() {
        let text = r#"{"field_confidence": {"seler_name": 0.5, "iban": 0.9}, "tenants": {"acme": {"field_confidence": {"contract_num": 0.5, "seller_siren": 0.5}}}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        config.check().unwrap();
        let doubts = config.doubts();
        assert_eq!(doubts.len(), 2, "{doubts:?}");
        assert!(doubts[0].starts_with("stages.validate.field_confidence.seler_name: "), "{doubts:?}");
        assert!(
            doubts[1].starts_with("stages.validate.tenants.acme.field_confidence.contract_num: "),
            "{doubts:?}"
        );
    }

    #[test]
    fn mistakes_of_tenants_are_named() {
        let text = r#"{"tenants": {"acme": {"accept_confidence": 2}}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains("tenants.acme.accept_confidence = 2 is not within 0..=1"), "{error}");
    }
}
