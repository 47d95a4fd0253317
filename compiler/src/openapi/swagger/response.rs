//! Responses of Swagger 2.0: the schema stands once, `produces` says for which media types.

use serde_json::{Map, Value};

use super::{Upgrade, media_types};
use crate::openapi::Spot;
use crate::syntax::Pointer;

impl<'d> Upgrade<'d> {
    /// The `responses` of an operation.
    pub(super) fn responses(&mut self, operation: &Spot<'d>, responses: &Spot<'d>, at: &Pointer) -> Value {
        let produces = media_types(self.document, operation, "produces");
        let mut members = Map::new();
        for (status, response) in responses.members() {
            let Some(response) = self.document.follow(response, self.report) else { continue };
            members.insert(status.to_owned(), self.response(&response, &produces, &at.child(status)));
        }
        Value::Object(members)
    }

    fn response(&mut self, spot: &Spot<'d>, produces: &[&str], at: &Pointer) -> Value {
        self.note(at, spot);
        let mut members = Map::new();
        members.extend(spot.text("description").map(|text| ("description".to_owned(), text.into())));
        let Some(schema) = spot.get("schema") else { return Value::Object(members) };
        let file = schema.text("type") == Some("file");
        let usual = if file { "application/octet-stream" } else { "application/json" };
        let names = if produces.is_empty() { vec![usual] } else { produces.to_vec() };
        let mut content = Map::new();
        for name in names {
            self.note(&at.child("content").child(name).child("schema"), &schema);
            content
                .insert(name.to_owned(), Value::Object(Map::from_iter([("schema".to_owned(), self.copied(&schema))])));
        }
        members.insert("content".to_owned(), Value::Object(content));
        Value::Object(members)
    }
}
