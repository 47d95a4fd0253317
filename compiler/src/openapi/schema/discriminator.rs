//! Discriminators: which alternative is meant is told by the value of one property.
//!
//! JSON Schema has no word for it. Where the document maps values to alternatives, each alternative
//! gets the values that choose it, so that an agent sees which to write. Where it does not, nothing
//! is said: the names of schemas, which OpenAPI has for values then, are often not what servers want.

use serde_json::{Map, Value, json};

use super::Converter;
use crate::openapi::reference::reference_of;
use crate::openapi::{Address, Spot, Trail};

impl<'d> Converter<'d> {
    /// Adds to each converted alternative the values that choose it.
    pub(super) fn tell_apart(
        &self,
        schemas: &mut [Value],
        items: &'d [Value],
        discriminator: &'d Value,
        here: Trail<'_>,
    ) {
        let property = discriminator.get("propertyName").and_then(Value::as_str);
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        let (Some(property), Some(mapping)) = (property, mapping) else { return };
        let values = self.mapped(mapping, here);
        for (schema, item) in schemas.iter_mut().zip(items) {
            let target = reference_of(item).and_then(|reference| self.document.lookup(reference, here));
            let (Value::Object(schema), Some(target)) = (schema, target) else { continue };
            let choices: Vec<&str> =
                values.iter().filter(|(_, address)| *address == target.address).map(|(value, _)| *value).collect();
            let rule = match choices.as_slice() {
                [] => continue,
                [only] => json!({"const": only}),
                several => json!({"enum": several}),
            };
            if schema.contains_key("$ref") && !schema.contains_key("properties") && self.is_open(&target, property) {
                schema.insert("properties".to_owned(), json!({property: rule}));
            }
        }
    }

    /// The values of a mapping and the schemas that they choose; values are references or names.
    fn mapped<'m>(&self, mapping: &'m Map<String, Value>, here: Trail<'_>) -> Vec<(&'m str, Address)> {
        let schemas = self.document.components("schemas");
        let entry = |(value, target): (&'m String, &Value)| {
            let target = target.as_str()?;
            let named = schemas.as_ref().and_then(|schemas| schemas.get(target));
            let found = named.or_else(|| self.document.lookup(target, here))?;
            Some((value.as_str(), found.address))
        };
        mapping.iter().filter_map(entry).collect()
    }

    /// Whether a schema has the property and does not say itself which values it may have.
    fn is_open(&self, target: &Spot<'d>, property: &str) -> bool {
        let object = self.loose_object(target);
        let found = object.properties.into_iter().find(|(name, _)| *name == property);
        let resolved = found.and_then(|(_, spot)| self.document.follow(spot, self.report));
        resolved.is_some_and(|spot| spot.get("enum").is_none() && spot.get("const").is_none())
    }
}
