//! Bodies of Swagger 2.0: one `body` parameter, or a form of `formData` parameters.

use serde_json::{Map, Value, json};

use super::parameter::style;
use super::{Upgrade, media_types};
use crate::openapi::Spot;
use crate::syntax::Pointer;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// Whether a parameter is the body or a part of it.
pub(super) fn is_body(spot: &Spot<'_>) -> bool {
    matches!(spot.text("in"), Some("body" | "formData"))
}

impl<'d> Upgrade<'d> {
    /// The `requestBody` that these parameters make.
    pub(super) fn body(&mut self, operation: &Spot<'d>, parameters: &[Spot<'d>], at: &Pointer) -> Option<Value> {
        let consumes = media_types(self.document, operation, "consumes");
        if let Some(body) = parameters.iter().find(|spot| spot.text("in") == Some("body")) {
            return Some(self.whole(body, &consumes, at));
        }
        (!parameters.is_empty()).then(|| self.form(parameters, &consumes, at))
    }

    fn whole(&mut self, body: &Spot<'d>, consumes: &[&str], at: &Pointer) -> Value {
        self.note(at, body);
        let is_form = |name: &&&str| **name == FORM || name.starts_with("multipart/");
        let plain: Vec<&str> = consumes.iter().filter(|name| !is_form(name)).copied().collect();
        let names = if plain.is_empty() { vec!["application/json"] } else { plain };
        let schema = body.get("schema");
        let mut content = Map::new();
        for name in names {
            let mut media_type = Map::new();
            if let Some(schema) = &schema {
                self.note(&at.child("content").child(name).child("schema"), schema);
                media_type.insert("schema".to_owned(), self.copied(schema));
            }
            content.insert(name.to_owned(), Value::Object(media_type));
        }
        let mut members = Map::new();
        members.extend(body.text("description").map(|text| ("description".to_owned(), text.into())));
        members.insert("required".to_owned(), body.flag("required").into());
        members.insert("content".to_owned(), Value::Object(content));
        Value::Object(members)
    }

    fn form(&mut self, parameters: &[Spot<'d>], consumes: &[&str], at: &Pointer) -> Value {
        if let Some(first) = parameters.first() {
            self.note(at, first);
        }
        let mut content = Map::new();
        for name in form_types(parameters, consumes) {
            let at = at.child("content").child(name).child("schema").child("properties");
            let mut properties = Map::new();
            let mut encoding = Map::new();
            for spot in parameters {
                let Some(field) = spot.text("name") else { continue };
                properties.insert(field.to_owned(), self.field(spot, &at.child(field)));
                let styled = spot.value.as_object().map(style).unwrap_or_default();
                if !styled.is_empty() {
                    encoding.insert(field.to_owned(), Value::Object(styled.into_iter().collect()));
                }
            }
            let required: Vec<&str> =
                parameters.iter().filter(|spot| spot.flag("required")).filter_map(|spot| spot.text("name")).collect();
            let schema = json!({"type": "object", "required": required, "properties": properties});
            content.insert(name.to_owned(), json!({"schema": schema, "encoding": encoding}));
        }
        let required = parameters.iter().any(|spot| spot.flag("required"));
        json!({"required": required, "content": content})
    }

    fn field(&mut self, spot: &Spot<'d>, at: &Pointer) -> Value {
        let mut schema = self.inline_schema(spot, at);
        if let (Value::Object(map), Some(text)) = (&mut schema, spot.text("description")) {
            map.insert("description".to_owned(), text.into());
        }
        schema
    }
}

/// The forms that an operation may send: files need parts; otherwise what it consumes.
fn form_types(parameters: &[Spot<'_>], consumes: &[&str]) -> Vec<&'static str> {
    if parameters.iter().any(|spot| spot.text("type") == Some("file")) {
        return vec![MULTIPART];
    }
    let named: Vec<&'static str> = [FORM, MULTIPART].into_iter().filter(|name| consumes.contains(name)).collect();
    if named.is_empty() { vec![FORM] } else { named }
}
