//! Security definitions of Swagger 2.0.

use serde_json::{Map, Value, json};

use super::Upgrade;
use crate::openapi::Spot;

impl<'d> Upgrade<'d> {
    /// `components.securitySchemes`.
    pub(super) fn security(&self, definitions: &Spot<'d>) -> Value {
        let schemes = definitions.members().map(|(name, spot)| {
            let spot = self.document.follow(spot.clone(), self.report).unwrap_or(spot);
            (name.to_owned(), scheme(&spot))
        });
        Value::Object(schemes.collect())
    }
}

fn scheme(spot: &Spot<'_>) -> Value {
    let Some(map) = spot.value.as_object() else { return spot.value.clone() };
    let mut scheme = map.clone();
    match spot.text("type") {
        Some("basic") => {
            scheme.insert("type".to_owned(), "http".into());
            scheme.insert("scheme".to_owned(), "basic".into());
        }
        Some("oauth2") => {
            let flow: Map<String, Value> = ["authorizationUrl", "tokenUrl", "scopes"]
                .into_iter()
                .filter_map(|key| Some((key.to_owned(), scheme.shift_remove(key)?)))
                .collect();
            let name = match scheme.shift_remove("flow").as_ref().and_then(Value::as_str) {
                Some("application") => "clientCredentials",
                Some("accessCode") => "authorizationCode",
                Some("password") => "password",
                _ => "implicit",
            };
            scheme.insert("flows".to_owned(), json!({name: flow}));
        }
        _ => {}
    }
    Value::Object(scheme)
}
