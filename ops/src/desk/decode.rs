//! Records of any kind: decoded by the kind of their topic, and shown as JSON.

use super::Desk;
use crate::OpsError;
use docmill_contracts::{
    AnyRecord, ClaimState, Codec, CodecError, Contract, DocumentAccepted, DocumentAssembled, DocumentClaimed,
    DocumentControl, DocumentExtracted, DocumentResult, DocumentStatus, DocumentSubmitted, DocumentValidated,
    GatherState, PageRecognized, PageRendered, PagesPlanned, RecordKind, TenantConfig,
};
use docmill_registry::RegistryError;
use serde_json::Value;

/// A record, as its type and as JSON.
pub(crate) struct Decoded {
    pub(crate) record: AnyRecord,
    pub(crate) json: Value,
}

macro_rules! decoded {
    ($kind:expr, $codec:expr, $value:expr, $($name:ident)*) => {
        match $kind {
            $(RecordKind::$name => {
                let record: $name = $codec.decode($value)?;
                let json = serde_json::to_value(&record).unwrap_or_default();
                Ok(Decoded { record: record.into(), json })
            })*
        }
    };
}

fn decode(kind: RecordKind, codec: &Codec, value: &[u8]) -> Result<Decoded, CodecError> {
    let mut decoded = decoded!(kind, codec, value,
        DocumentSubmitted DocumentAccepted PagesPlanned PageRendered PageRecognized DocumentAssembled
        DocumentExtracted DocumentValidated DocumentResult DocumentStatus DocumentControl TenantConfig GatherState
        DocumentClaimed ClaimState)?;
    shorten(&mut decoded.json);
    Ok(decoded)
}

/// Bytes are told by their number: nobody reads them. Passwords are not told.
fn shorten(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::Array(bytes)
                        if matches!(name.as_str(), "inline" | "boxes" | "confidence" | "lines")
                            && bytes.iter().all(Value::is_u64) =>
                    {
                        *field = Value::String(format!("{} bytes", bytes.len()));
                    }
                    Value::String(secret) if name == "password" => "…".clone_into(secret),
                    field => shorten(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        _ => {}
    }
}

impl Desk {
    /// A record as its type; the registry is asked for schemas that are not known yet. None where the bytes are no such record.
    pub(crate) async fn read<T: Contract>(&self, value: &[u8]) -> Result<Option<T>, OpsError> {
        if !self.learn(value).await? {
            return Ok(None);
        }
        Ok(self.codec.decode(value).ok())
    }

    /// A record of a kind. `Err` inside: why the bytes are no such record.
    pub(crate) async fn decode(
        &self,
        kind: RecordKind,
        value: &[u8],
    ) -> Result<Result<Decoded, String>, OpsError> {
        self.learn(value).await?;
        Ok(decode(kind, &self.codec, value).map_err(|e| e.to_string()))
    }

    /// Asks the registry for the schema of a value. False where there is none.
    async fn learn(&self, value: &[u8]) -> Result<bool, OpsError> {
        let Ok(id) = Codec::schema_id(value) else { return Ok(false) };
        if self.codec.catalog().knows(id) {
            return Ok(true);
        }
        match self.registry.learn(&self.codec, id).await {
            Ok(()) => Ok(true),
            Err(RegistryError::UnknownId { .. }) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_and_numbers_are_not() {
        let mut json = serde_json::json!({
            "inline": [1, 2, 3], "options": {"password": "secret"}, "pages": [{"words": {"boxes": [0, 0], "count": 2}}],
            "fields": {"total": {"confidence": 0.5, "box": [1.5, 2.5]}}, "line_items": []
        });
        shorten(&mut json);
        assert_eq!(json["inline"], "3 bytes");
        assert_eq!(json["options"]["password"], "…");
        assert_eq!(json["pages"][0]["words"]["boxes"], "2 bytes");
        assert_eq!(json["fields"]["total"]["box"][1], 2.5);
    }
}
