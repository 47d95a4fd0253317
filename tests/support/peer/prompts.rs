//! Prompts with and without arguments, with embedded content, and one that asks a person.

use rmcp::ErrorData;
use rmcp::RoleServer;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, ContentBlock, GetPromptRequestParams, GetPromptResponse,
    GetPromptResult, Prompt, PromptArgument, PromptMessage, Reference, ResourceContents, Role,
};
use rmcp::service::RequestContext;
use serde_json::json;

use crate::asking::{self, Asked, Round};
use crate::tools::content::PNG;

const WORDS: [&str; 5] = ["paris", "park", "party", "test", "testing"];

/// The prompts that are listed; one of them says how often they changed.
pub(crate) fn list(changes: u64) -> Vec<Prompt> {
    let argument = |name: &str, text: &str| PromptArgument::new(name).with_description(text).with_required(true);
    let changing = format!("Version {changes} of this prompt.");
    vec![
        Prompt::new("changing_prompt", Some(changing), None),
        Prompt::new("test_input_required_result_prompt", Some("Asks a person for its context."), None),
        Prompt::new(
            "test_prompt_with_arguments",
            Some("Repeats its arguments."),
            Some(vec![argument("arg1", "The first argument."), argument("arg2", "The second argument.")]),
        ),
        Prompt::new(
            "test_prompt_with_embedded_resource",
            Some("Embeds a resource."),
            Some(vec![argument("resourceUri", "The address of the resource.")]),
        ),
        Prompt::new("test_prompt_with_image", Some("Has an image."), None),
        Prompt::new("test_simple_prompt", Some("Has no arguments."), None),
    ]
}

/// One prompt, filled in.
///
/// # Errors
/// When there is none of this name, or it lacks an argument.
pub(crate) async fn read(
    request: GetPromptRequestParams,
    cx: &RequestContext<RoleServer>,
) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name: &str| {
        let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name)?.as_str());
        value.ok_or_else(|| ErrorData::invalid_params(format!("the argument `{name}` is missing"), None))
    };
    let messages = match request.name.as_str() {
        "changing_prompt" | "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument("arg1")?, argument("arg2")?);
            vec![text(&format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let resource = ResourceContents::text("Embedded resource content for testing.", argument("resourceUri")?);
            let embedded = PromptMessage::new(Role::User, ContentBlock::resource(resource));
            vec![embedded, text("Please process the embedded resource above.")]
        }
        "test_prompt_with_image" => {
            let image = PromptMessage::new(Role::User, ContentBlock::image(PNG, "image/png"));
            vec![image, text("Please analyze the image above.")]
        }
        "test_input_required_result_prompt" => return with_context(request, cx).await,
        other => return Err(ErrorData::invalid_params(format!("there is no prompt `{other}`"), None)),
    };
    Ok(GetPromptResult::new(messages).into())
}

async fn with_context(
    request: GetPromptRequestParams,
    cx: &RequestContext<RoleServer>,
) -> Result<GetPromptResponse, ErrorData> {
    let schema = json!({"type": "object", "properties": {"context": {"type": "string"}}, "required": ["context"]});
    let asked = asking::person("What context should the prompt use?", schema)?;
    let round = Round { cx, responses: request.input_responses.unwrap_or_default() };
    match round.ask("user_context", asked).await? {
        Asked::Answered(answer) => {
            let context = answer.pointer("/content/context").and_then(|context| context.as_str()).unwrap_or("none");
            Ok(GetPromptResult::new(vec![text(&format!("Prompt with context: {context}"))]).into())
        }
        Asked::Wanted(wanted) => Ok((*wanted).into()),
    }
}

fn text(text: &str) -> PromptMessage {
    PromptMessage::new_text(Role::User, text)
}

/// Words that begin as what was typed does.
///
/// # Errors
/// When what is to be completed is neither a prompt nor a template of this server.
pub(crate) fn complete(request: &CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
    let known = match &request.r#ref {
        Reference::Prompt(prompt) => list(0).iter().any(|known| known.name == prompt.name),
        Reference::Resource(resource) => resource.uri.starts_with("test://"),
        _ => false,
    };
    if !known {
        return Err(ErrorData::invalid_params("there is nothing of this name to complete", None));
    }
    let typed = request.argument.value.as_str();
    let words = WORDS.iter().filter(|word| word.starts_with(typed)).map(|word| (*word).to_owned()).collect();
    let completion = CompletionInfo::with_all_values(words).map_err(|error| ErrorData::internal_error(error, None))?;
    Ok(CompleteResult::new(completion))
}
