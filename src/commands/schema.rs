//! `cap schema`: the JSON Schemas of the files that people write, for editors, and of what they read.

use cap_compiler::definition::{Kind, file_schema, json_schema};
use cap_runtime::config::Settings;
use cap_runtime::telemetry::audit_schema;
use serde_json::Value;

use crate::args::{SchemaArgs, SchemaKind};
use crate::exit::Exit;
use crate::output::Output;

/// The schemas of what people write, with the names of their files.
pub(crate) const FILES: [(SchemaKind, &str); 5] = [
    (SchemaKind::Capability, "capability.schema.json"),
    (SchemaKind::Api, "api.schema.json"),
    (SchemaKind::Schemas, "schemas.schema.json"),
    (SchemaKind::Upstream, "upstream.schema.json"),
    (SchemaKind::Settings, "cap.schema.json"),
];

pub(crate) fn run(args: &SchemaArgs, output: &Output) -> Exit {
    output.json(&schema(args.kind));
    Exit::Success
}

/// The JSON Schema of one kind of file.
#[must_use]
pub(crate) fn schema(kind: SchemaKind) -> Value {
    match kind {
        SchemaKind::Capability => json_schema(Kind::Capability),
        SchemaKind::Api => json_schema(Kind::Api),
        SchemaKind::Schemas => json_schema(Kind::Schemas),
        SchemaKind::Upstream => json_schema(Kind::Upstream),
        SchemaKind::Settings => file_schema::<Settings>(None),
        SchemaKind::Audit => audit_schema(),
    }
}
