//! Tools that ask the client's person, model or roots once, in the way of the client's revision.

use rmcp::ErrorData;
use rmcp::model::{InputRequest, Tool};
use serde_json::{Value, json};

use super::{Answer, Call, bare, say, tool};
use crate::asking::{self, Asked};

pub(super) fn list() -> Vec<Tool> {
    let message = || json!({"message": {"type": "string"}});
    let prompt = || json!({"prompt": {"type": "string"}});
    vec![
        tool("ask_person", "Asks the client's person for a name, with `message` if given.", &message(), &[]),
        tool("ask_model", "Asks the client's model, with `prompt` if given.", &prompt(), &[]),
        bare("ask_roots", "Asks the client for its roots."),
        tool("test_elicitation", "Asks the client's person for a name and an address.", &message(), &["message"]),
        bare("test_elicitation_sep1034_defaults", "Asks with a form whose fields have defaults."),
        bare("test_elicitation_sep1330_enums", "Asks with a form of every kind of choice."),
        bare("test_streaming_elicitation", "Asks the client's person to confirm."),
        tool("test_sampling", "Asks the client's model.", &prompt(), &["prompt"]),
        bare("test_missing_capability", "Needs a client that lends its model."),
        bare("test_input_required_result_elicitation", "Asks for a name and greets."),
        bare("test_input_required_result_sampling", "Asks the model for a capital."),
        bare("test_input_required_result_list_roots", "Asks for roots and counts them."),
    ]
}

pub(super) async fn call(call: &Call<'_>) -> Option<Answer> {
    Some(match call.name.as_str() {
        "ask_person" => person(call, call.text_or("message", "What is your name?")).await,
        "test_elicitation" => user(call).await,
        "test_elicitation_sep1034_defaults" => form(call, defaults()).await,
        "test_elicitation_sep1330_enums" => form(call, choices()).await,
        "test_streaming_elicitation" => {
            form(call, json!({"type": "object", "properties": {"ok": {"type": "boolean"}}})).await
        }
        "ask_model" => model(call, "answer", call.text_or("prompt", "What is the capital of France?")).await,
        "test_sampling" => match call.text("prompt") {
            Ok(prompt) => model(call, "answer", prompt).await,
            Err(error) => Err(error),
        },
        "test_missing_capability" => missing_capability(call),
        "ask_roots" | "test_input_required_result_list_roots" => roots(call).await,
        "test_input_required_result_elicitation" => greeting(call).await,
        "test_input_required_result_sampling" => {
            model(call, "capital_question", "What is the capital of France?").await
        }
        _ => return None,
    })
}

/// Asks, and says what came back in words; asks for another round where that is the way.
async fn asked(
    call: &Call<'_>,
    key: &str,
    question: Result<InputRequest, ErrorData>,
    words: impl FnOnce(&Value) -> String,
) -> Answer {
    match call.round().ask(key, question?).await? {
        Asked::Answered(answer) => say(&words(&answer)),
        Asked::Wanted(wanted) => Ok((*wanted).into()),
    }
}

async fn person(call: &Call<'_>, message: &str) -> Answer {
    asked(call, "person", asking::person(message, name_form()), |answer| {
        format!("person: {} {}", action(answer), content(answer))
    })
    .await
}

async fn user(call: &Call<'_>) -> Answer {
    let form = json!({
        "type": "object",
        "properties": {
            "username": {"type": "string", "description": "User's response"},
            "email": {"type": "string", "description": "User's email address"},
        },
        "required": ["username", "email"],
    });
    asked(call, "user", asking::person(call.text("message")?, form), |answer| {
        format!("User response: action={}, content={}", action(answer), content(answer))
    })
    .await
}

async fn form(call: &Call<'_>, form: Value) -> Answer {
    asked(call, "form", asking::person("Please fill in this form.", form), |answer| {
        format!("Elicitation completed: action={}, content={}", action(answer), content(answer))
    })
    .await
}

async fn greeting(call: &Call<'_>) -> Answer {
    asked(call, "user_name", asking::person("What is your name?", name_form()), |answer| {
        let name = answer.pointer("/content/name").and_then(Value::as_str).unwrap_or("whoever you are");
        format!("Hello, {name}!")
    })
    .await
}

async fn model(call: &Call<'_>, key: &str, prompt: &str) -> Answer {
    asked(call, key, Ok(asking::model(prompt, 100)), |answer| format!("LLM response: {}", asking::said(answer))).await
}

async fn roots(call: &Call<'_>) -> Answer {
    asked(call, "client_roots", Ok(asking::roots()), |answer| {
        let roots = answer.get("roots").and_then(Value::as_array).cloned().unwrap_or_default();
        let uris: Vec<&str> = roots.iter().filter_map(|root| root.get("uri")?.as_str()).collect();
        format!("{} roots: {}", uris.len(), uris.join(" "))
    })
    .await
}

fn missing_capability(call: &Call<'_>) -> Answer {
    let needed = asking::model("unused", 1);
    if asking::supports(call.cx(), &needed) {
        return say("the client lends its model");
    }
    Err(asking::unsupported(&needed))
}

fn action(answer: &Value) -> &str {
    answer.get("action").and_then(Value::as_str).unwrap_or("none")
}

fn content(answer: &Value) -> String {
    answer.get("content").map(Value::to_string).unwrap_or_default()
}

fn name_form() -> Value {
    json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})
}

fn defaults() -> Value {
    json!({"type": "object", "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true},
    }})
}

fn choices() -> Value {
    let titled = |word: &str| {
        let choice = |number: u8, ordinal: &str| json!({"const": format!("value{number}"), "title": format!("{ordinal} {word}")});
        json!([choice(1, "First"), choice(2, "Second"), choice(3, "Third")])
    };
    let options = json!(["option1", "option2", "option3"]);
    json!({"type": "object", "properties": {
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled("Option")},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled("Choice")}},
    }})
}
