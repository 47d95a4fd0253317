//! The keywords of schemas: which there are, and what kind of value each has.

/// What is done with a keyword's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Understood elsewhere, or not a part of JSON Schema 2020-12.
    Skip,
    /// A schema.
    Schema,
    /// `items`.
    Items,
    /// `additionalProperties`.
    Open,
    /// A list of schemas.
    List,
    /// `properties`.
    Properties,
    /// A mapping of schemas.
    Members,
    /// `required`.
    Required,
    /// `description`.
    Description,
    /// `title`.
    Title,
    /// `default`.
    Default,
    /// `const`.
    Const,
    /// `type`.
    Type,
    /// `format`.
    Format,
    /// `pattern`.
    Pattern,
    /// `enum`.
    Enum,
    /// A flag that is `false` when not said.
    Flag,
    /// Text.
    Text,
    /// A whole number, not negative.
    Count,
    /// A number.
    Bound,
    /// `exclusiveMinimum` and `exclusiveMaximum`: a number, or a flag in OpenAPI 3.0.
    Strict,
    /// OpenAPI 3.0's `example`.
    Example,
    /// `examples`.
    Examples,
    /// `dependentRequired`, kept as it is.
    Plain,
}

/// A keyword's place in the order of reading, its name and its kind; `None` if it is unknown.
pub(super) fn kind(key: &str) -> Option<(u8, &'static str, Kind)> {
    let known = KEYWORDS.iter().position(|(name, _)| *name == key);
    if let Some((index, (name, kind))) = known.and_then(|index| Some((index, KEYWORDS.get(index)?))) {
        let name = if *kind == Kind::Example { "examples" } else { name };
        return Some((u8::try_from(index).unwrap_or(u8::MAX), name, *kind));
    }
    let skipped = key.starts_with("x-") || SKIPPED.contains(&key);
    skipped.then_some((u8::MAX, "", Kind::Skip))
}

const KEYWORDS: [(&str, Kind); 47] = [
    ("type", Kind::Type),
    ("title", Kind::Title),
    ("description", Kind::Description),
    ("deprecated", Kind::Flag),
    ("format", Kind::Format),
    ("enum", Kind::Enum),
    ("const", Kind::Const),
    ("default", Kind::Default),
    ("pattern", Kind::Pattern),
    ("minLength", Kind::Count),
    ("maxLength", Kind::Count),
    ("minimum", Kind::Bound),
    ("exclusiveMinimum", Kind::Strict),
    ("maximum", Kind::Bound),
    ("exclusiveMaximum", Kind::Strict),
    ("multipleOf", Kind::Bound),
    ("contentEncoding", Kind::Text),
    ("contentMediaType", Kind::Text),
    ("contentSchema", Kind::Schema),
    ("required", Kind::Required),
    ("properties", Kind::Properties),
    ("patternProperties", Kind::Members),
    ("additionalProperties", Kind::Open),
    ("unevaluatedProperties", Kind::Schema),
    ("propertyNames", Kind::Schema),
    ("minProperties", Kind::Count),
    ("maxProperties", Kind::Count),
    ("dependentRequired", Kind::Plain),
    ("dependentSchemas", Kind::Members),
    ("items", Kind::Items),
    ("prefixItems", Kind::List),
    ("unevaluatedItems", Kind::Schema),
    ("contains", Kind::Schema),
    ("minContains", Kind::Count),
    ("maxContains", Kind::Count),
    ("minItems", Kind::Count),
    ("maxItems", Kind::Count),
    ("uniqueItems", Kind::Flag),
    ("allOf", Kind::List),
    ("oneOf", Kind::List),
    ("anyOf", Kind::List),
    ("not", Kind::Schema),
    ("if", Kind::Schema),
    ("then", Kind::Schema),
    ("else", Kind::Schema),
    ("examples", Kind::Examples),
    ("example", Kind::Example),
];

/// Words that are known, and that an agent's schema has no use for.
const SKIPPED: [&str; 21] = [
    "$ref",
    "$schema",
    "$id",
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$vocabulary",
    "definitions",
    "nullable",
    "readOnly",
    "writeOnly",
    "xml",
    "externalDocs",
    "discriminator",
    "collectionFormat",
    "allowEmptyValue",
    "exampleSetFlag",
    "types",
    "summary",
];
