//! Definitions of an api with credentials, and executors that call it.

use std::sync::Arc;

use cap_compiler::compile::{compile, parse_file};
use cap_compiler::pin::Pins;
use cap_compiler::source::SourceId;
use cap_runtime::execute::{Executor, ExecutorSettings, Prepared, ToolError, ToolOutcome};
use cap_runtime::secret::{MemoryStore, SecretStore, Secrets};
use serde_json::{Value, json};

/// The tool `shop__order` of an api at `server` with these lines in its file.
pub(crate) fn tool(server: &str, lines: &str, request: &str) -> Prepared {
    let api = format!("version: 1\nkind: api\nname: shop\nserver: {server}\nnetwork: private\n{lines}");
    let capability = format!(
        "version: 1\nkind: capability\nname: order\napi: shop\ndescription: Order something.\n\
         input: {{type: object, properties: {{what: {{type: string}}, note: {{type: string}}}}}}\n\
         request:\n  {}\n",
        request.replace('\n', "\n  ")
    );
    let files = [("shop/api.yaml", api), ("shop/order.yaml", capability)];
    let parsed: Vec<_> =
        files.iter().map(|(path, text)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()))).collect();
    let compiled = compile(&parsed, &Pins::default());
    assert_eq!(compiled.diagnostics, Vec::new(), "{files:#?}");
    Prepared::new(Arc::clone(&compiled.tools[0].capability))
}

/// A request that sends nothing but its credentials.
pub(crate) const GET: &str = "method: GET\npath: /api/orders\nquery: {q: \"{{ what }}\", n: \"{{ note }}\"}";

pub(crate) fn oauth2(server: &str, lines: &str) -> Prepared {
    tool(
        server,
        &format!("auth:\n  oauth2:\n    {}\n", lines.trim().replace("URL", server).replace('\n', "\n    ")),
        GET,
    )
}

/// An executor with a store of its own.
pub(crate) fn executor(secrets: &[(&str, &str)]) -> Executor {
    stored(secrets, &(Arc::new(MemoryStore::default()) as Arc<dyn SecretStore>))
}

/// An executor with a store that others have as well.
pub(crate) fn stored(secrets: &[(&str, &str)], tokens: &Arc<dyn SecretStore>) -> Executor {
    let secrets = secrets.iter().fold(Secrets::none(), |all, (name, value)| all.with_value(name, (*value).into()));
    Executor::new(ExecutorSettings { secrets, tokens: Arc::clone(tokens), ..ExecutorSettings::default() }).unwrap()
}

pub(crate) async fn call(executor: &Executor, tool: &Prepared) -> Result<ToolOutcome, ToolError> {
    call_with(executor, tool, json!({})).await
}

pub(crate) async fn call_with(
    executor: &Executor,
    tool: &Prepared,
    arguments: Value,
) -> Result<ToolOutcome, ToolError> {
    executor.call(tool, arguments.as_object().unwrap()).await
}
