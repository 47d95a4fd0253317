//! Tools that go on as tasks where the client knows the extension for them.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ClientCapabilities, ContentBlock, CreateTaskResult, Tool};
use rmcp::task_manager::{TaskContext, TaskExit, TaskOptions};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Answer, Call, bare, say, tool};
use crate::asking::{self, Asked};

/// How long a job lasts that says nothing of it.
const JOB: Duration = Duration::from_millis(300);

/// How a task ends.
type Ended = Result<CallToolResult, TaskExit>;

pub(super) fn list() -> Vec<Tool> {
    let seconds = json!({"seconds": {"type": "number", "minimum": 0}, "label": {"type": "string"}});
    let filename = json!({"filename": {"type": "string"}});
    vec![
        tool("greet", "Greets at once, and is never a task.", &json!({"name": {"type": "string"}}), &["name"]),
        tool("slow_compute", "Takes `seconds`; a task where the client knows tasks.", &seconds, &["seconds"]),
        bare("failing_job", "A task that ends with a tool error; needs a client that knows tasks."),
        bare("protocol_error_job", "A task that ends with a protocol error; needs a client that knows tasks."),
        tool("confirm_delete", "A task that asks the person whether to go on.", &filename, &["filename"]),
        bare("multi_input", "A task that asks two questions at once."),
        bare("test_tool_with_task", "Asks for a name, then goes on as a task."),
    ]
}

pub(super) async fn call(call: &Call<'_>) -> Option<Answer> {
    Some(match call.name.as_str() {
        "greet" => say(&format!("Hello, {}!", call.text_or("name", "whoever you are"))),
        "slow_compute" => slow_compute(call).await,
        "failing_job" => spawn(call, |_| async {
            sleep(JOB).await;
            Ok(CallToolResult::error(vec![ContentBlock::text("this job always fails")]))
        }),
        "protocol_error_job" => spawn(call, |_| async {
            sleep(JOB).await;
            Err(TaskExit::Error(ErrorData::internal_error("this job breaks", None)))
        }),
        "confirm_delete" => {
            let filename = call.text_or("filename", "nothing").to_owned();
            spawn(call, |task| confirm_delete(task, filename))
        }
        "multi_input" => spawn(call, multi_input),
        "test_tool_with_task" => with_name(call).await,
        _ => return None,
    })
}

/// Goes on as a task.
///
/// # Errors
/// When the client does not know the extension.
fn spawn<F>(call: &Call<'_>, work: impl FnOnce(TaskContext) -> F) -> Answer
where
    F: Future<Output = Ended> + Send + 'static,
{
    if !knows_tasks(call) {
        let needed = ClientCapabilities::builder().enable_tasks().build();
        return Err(ErrorData::missing_required_client_capability(needed));
    }
    let options = TaskOptions::default().with_poll_interval_ms(100);
    let task = call.server.shared.tasks.spawn(options, |task| Box::pin(work(task)));
    Ok(CreateTaskResult::new(task).into())
}

fn knows_tasks(call: &Call<'_>) -> bool {
    asking::is_modern(call.cx()) && call.cx().client_capabilities().is_some_and(|has| has.supports_tasks())
}

async fn slow_compute(call: &Call<'_>) -> Answer {
    let seconds = call.arguments.get("seconds").and_then(Value::as_f64).unwrap_or_default();
    let time = Duration::try_from_secs_f64(seconds)
        .map_err(|_| ErrorData::invalid_params("`seconds` must be a time", None))?;
    let done = format!("computed for {seconds} s");
    if !knows_tasks(call) {
        sleep(time).await;
        return say(&done);
    }
    spawn(call, |task| async move {
        tokio::select! {
            () = task.cancelled() => Err(TaskExit::Cancelled),
            () = sleep(time) => ended(&done),
        }
    })
}

async fn confirm_delete(task: TaskContext, filename: String) -> Ended {
    let form = json!({"type": "object", "properties": {"confirm": {"type": "boolean"}}, "required": ["confirm"]});
    let question = asking::person(&format!("Delete {filename}?"), form).map_err(TaskExit::Error)?;
    let answer = task.request_input("confirm", question).await?;
    ended(&format!("{filename}: {answer}"))
}

async fn multi_input(task: TaskContext) -> Ended {
    let form = |field: &str| json!({"type": "object", "properties": {field: {"type": "string"}}});
    let first = asking::person("What is your name?", form("name")).map_err(TaskExit::Error)?;
    let second = asking::person("What is your favorite color?", form("color")).map_err(TaskExit::Error)?;
    let (first, second) = tokio::join!(task.request_input("name", first), task.request_input("color", second));
    ended(&format!("{} {}", first?, second?))
}

async fn with_name(call: &Call<'_>) -> Answer {
    let form = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
    match call.round().ask("user_name", asking::person("What is your name?", form)?).await? {
        Asked::Wanted(wanted) => Ok((*wanted).into()),
        Asked::Answered(answer) => {
            let name = answer.pointer("/content/name").and_then(Value::as_str).unwrap_or("nobody").to_owned();
            spawn(call, |_| async move {
                sleep(JOB).await;
                ended(&format!("Hello, {name}!"))
            })
        }
    }
}

fn ended(text: &str) -> Ended {
    Ok(CallToolResult::success(vec![ContentBlock::text(text)]))
}
