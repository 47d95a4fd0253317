//! Tools that carry state through several rounds, which only revision 2026-07-28 knows.

use rmcp::ErrorData;
use rmcp::model::{InputRequest, InputRequests, InputRequiredResult, Tool};
use serde_json::{Value, json};

use super::{Answer, Call, bare, fail, say};
use crate::asking;

pub(super) fn list() -> Vec<Tool> {
    vec![
        bare("test_input_required_result_request_state", "Asks to confirm, and carries state to its second round."),
        bare("test_input_required_result_multiple_inputs", "Asks the person, the model and for roots at once."),
        bare("test_input_required_result_multi_round", "Asks for a name, then for a colour."),
        bare("test_input_required_result_tampered_state", "Refuses state that is not as it gave it."),
        bare("test_input_required_result_capabilities", "Asks for whatever the client can be asked for."),
    ]
}

pub(super) fn call(call: &Call<'_>) -> Option<Answer> {
    let answer = match call.name.as_str() {
        "test_input_required_result_request_state" | "test_input_required_result_tampered_state" => confirmed,
        "test_input_required_result_multiple_inputs" => several,
        "test_input_required_result_multi_round" => two_steps,
        "test_input_required_result_capabilities" => whatever_can_be_asked,
        _ => return None,
    };
    if !asking::is_modern(call.cx()) {
        return Some(fail("rounds need a client of revision 2026-07-28"));
    }
    Some(answer(call))
}

fn confirmed(call: &Call<'_>) -> Answer {
    let form = json!({"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]});
    let question = asking::person("Please confirm", form)?;
    let state = opened(call)?;
    if state.is_some() && call.round().answer("confirm", &question).is_some() {
        return say("state-ok");
    }
    want(call, &json!({"step": 1}), [("confirm", question)])
}

fn several(call: &Call<'_>) -> Answer {
    let questions = [
        ("user_name", asking::person("What is your name?", text_form("name"))?),
        ("greeting", asking::model("Generate a greeting", 50)),
        ("client_roots", asking::roots()),
    ];
    let round = call.round();
    let state = opened(call)?;
    if state.is_some() && questions.iter().all(|(key, question)| round.answer(key, question).is_some()) {
        return say("all three were answered");
    }
    want(call, &json!({"step": 1}), questions)
}

fn two_steps(call: &Call<'_>) -> Answer {
    let round = call.round();
    let name = asking::person("Step 1: What is your name?", text_form("name"))?;
    let colour = asking::person("Step 2: What is your favorite color?", text_form("color"))?;
    let state = opened(call)?.unwrap_or_default();
    let known = state.get("name").and_then(Value::as_str);
    if let (Some(known), Some(answer)) = (known, round.answer("step2", &colour)) {
        return say(&format!("{known} likes {}", said(answer, "color")));
    }
    if let Some(known) = known {
        return want(call, &json!({"step": 2, "name": known}), [("step2", colour)]);
    }
    match round.answer("step1", &name) {
        Some(answer) if state.is_object() => {
            want(call, &json!({"step": 2, "name": said(answer, "name")}), [("step2", colour)])
        }
        _ => want(call, &json!({"step": 1}), [("step1", name)]),
    }
}

fn whatever_can_be_asked(call: &Call<'_>) -> Answer {
    let questions = [
        ("person", asking::person("What is your name?", text_form("name"))?),
        ("model", asking::model("What is the capital of France?", 100)),
        ("roots", asking::roots()),
    ];
    let askable: Vec<_> = questions.into_iter().filter(|(_, question)| asking::supports(call.cx(), question)).collect();
    let round = call.round();
    if askable.iter().all(|(key, question)| round.answer(key, question).is_some()) {
        return say(&format!("{} answers", askable.len()));
    }
    want(call, &json!({"step": 1}), askable)
}

/// Wants these answers in the next round, and this state with them.
fn want<'q>(call: &Call<'_>, state: &Value, questions: impl IntoIterator<Item = (&'q str, InputRequest)>) -> Answer {
    let questions: Vec<_> = questions.into_iter().collect();
    if let Some((_, question)) = questions.iter().find(|(_, question)| !asking::supports(call.cx(), question)) {
        return Err(asking::unsupported(question));
    }
    let ticket = call.server.shared.keep_state(json!({"tool": call.name, "state": state}));
    let questions: InputRequests = questions.into_iter().map(|(key, question)| (key.to_owned(), question)).collect();
    Ok(InputRequiredResult::new(Some(questions), Some(ticket)).into())
}

/// The state that came with the call.
///
/// # Errors
/// When it is not what this tool gave.
fn opened(call: &Call<'_>) -> Result<Option<Value>, ErrorData> {
    let Some(ticket) = &call.state else { return Ok(None) };
    let kept = call.server.shared.state(ticket);
    let kept = kept.filter(|kept| kept.get("tool").and_then(Value::as_str) == Some(&call.name));
    let forged = || ErrorData::invalid_params("the request state is not one that this tool gave", None);
    Ok(kept.ok_or_else(forged)?.get("state").cloned())
}

fn text_form(field: &str) -> Value {
    json!({"type": "object", "properties": {field: {"type": "string"}}, "required": [field]})
}

fn said<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer.get("content").and_then(|content| content.get(field)?.as_str()).unwrap_or("nothing")
}
