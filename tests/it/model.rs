//! Requests in words that go to a model, against a server that speaks the provider's wire format.

use crate::screen::Screen;
use crate::sqlite_file::SqliteFile;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const SHOP: &str = "
create table customers (id integer primary key, email text not null unique);
create table sales (id integer primary key, customer_id integer references customers (id), amount numeric not null);
";
const KEY: &str = "sk-a-key-that-nobody-may-see";
const REQUEST: &str = "add a region to sales, required, default 'EU'";

/// The stream of an answer: some text, then one tool call, its input in two pieces.
fn answer(tool: &str, input: &Value) -> String {
    let input = input.to_string();
    let (first, second) = input.split_at(input.len() / 2);
    let piece = |json: &str| json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": json}});
    let events = [
        json!({"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Looking at sales"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": tool, "input": {}}}),
        piece(first),
        piece(second),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 20}}),
        json!({"type": "message_stop"}),
    ];
    let frame = |e: &Value| format!("event: {}\ndata: {e}\n\n", e["type"].as_str().unwrap());
    events.iter().map(frame).collect::<Vec<_>>().concat()
}

fn region() -> Value {
    let column = json!({"name": "region", "type": "text", "required": true, "default": "'EU'"});
    json!({"op": "add_column", "table": "sales", "column": column})
}

async fn serve(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/v1/messages")).respond_with(response).mount(&server).await;
    server
}

fn streamed(tool: &str, input: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(answer(tool, input), "text/event-stream")
}

/// A configuration that names the server, in the folder.
fn configure(folder: &Path, url: &str, key: &str) {
    let text = format!("[model]\nkind = 'anthropic'\nmodel = 'test-model'\nbase_url = '{url}'\ntimeout = 20\n{key}");
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

fn lockstep(arguments: &[&str], folder: &Path) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_lockstep"))
        .args(arguments)
        .current_dir(folder)
        .env("LOCKSTEP_CONFIG", folder.join("config.toml"))
        .env("LOCKSTEP_STATE_DIR", folder.join("state"))
        .env("LOCKSTEP_TEST_KEY", KEY)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!all.contains(KEY), "the key is shown: {all}");
    output
}

#[track_caller]
fn document(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}\n{told}"))
}

/// The SQL of a plan's steps, one text.
fn sql(plan: &Value) -> String {
    plan["steps"].as_array().unwrap_or_else(|| panic!("{plan:#}")).iter().map(|step| step["sql"].to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_models_tool_call_becomes_a_plan_and_the_key_is_sent_and_never_shown() {
    let file = SqliteFile::new(SHOP).await;
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/messages"))
        .and(header("x-api-key", KEY))
        .and(body_string_contains("customer_id"))
        .respond_with(streamed("propose_changes", &json!({"title": "Add a region", "operations": [region()]})))
        .expect(1)
        .mount(&server)
        .await;
    configure(file.folder(), &server.uri(), "key_env = 'LOCKSTEP_TEST_KEY'");
    // Words that the built-in planner cannot know.
    let output = lockstep(&["plan", &file.url(), "--ask", "make sales regional", "-f", "json"], file.folder());
    let plan = document(&output);
    assert_eq!(output.status.code(), Some(0), "{plan:#}");
    assert!(sql(&plan).contains("region") && plan["steps"][0]["locks"].is_array(), "{plan:#}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("asking test-model at 127.0.0.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_leaves_the_request_to_the_built_in_planner_and_says_so() {
    let file = SqliteFile::new(SHOP).await;
    let down = ResponseTemplate::new(400).set_body_json(json!({"error": {"message": "out of order"}}));
    let server = serve(down).await;
    configure(file.folder(), &server.uri(), "key_env = 'LOCKSTEP_TEST_KEY'");
    let request = ["plan", &file.url(), "--ask", REQUEST, "-f", "json"];
    let output = lockstep(&request, file.folder());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(sql(&document(&output)).contains("region"));
    assert!(told.contains("out of order") && told.contains("built-in planner"), "{told}");

    // A key that is missing is no reason to stop where only the configuration wants a model, and is one where the
    // command line does.
    configure(file.folder(), "https://models.example", "key_env = 'LOCKSTEP_KEY_THAT_IS_NOT_SET'");
    let output = lockstep(&request, file.folder());
    assert!(sql(&document(&output)).contains("region"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("LOCKSTEP_KEY_THAT_IS_NOT_SET"));
    let output = lockstep(&[&request[..], &["--model", "other-model"]].concat(), file.folder());
    assert_eq!((output.status.code(), &document(&output)["error"]["code"]), (Some(2), &json!("config")));
    let output = lockstep(&[&request[..], &["--builtin"]].concat(), file.folder());
    assert!(output.stderr.is_empty() && sql(&document(&output)).contains("region"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_obeying_model_adds_is_shown_and_wants_typed_consent() {
    let file = SqliteFile::new(SHOP).await;
    let operations = [region(), json!({"op": "drop_table", "table": "sales"})];
    let server = serve(streamed("propose_changes", &json!({"title": "Add a region", "operations": operations}))).await;
    configure(file.folder(), &server.uri(), "key_env = 'LOCKSTEP_TEST_KEY'");
    let plan =
        document(&lockstep(&["plan", &file.url(), "--ask", REQUEST, "-o", "plan.sql", "-f", "json"], file.folder()));
    let steps = plan["steps"].as_array().unwrap();
    let dropping = steps.iter().find(|step| step["destroys"] == json!(["sales"]));
    let dropping = dropping.unwrap_or_else(|| panic!("the drop is hidden: {plan:#}"));
    assert!(dropping["title"].as_str().unwrap().to_lowercase().contains("drop"), "{dropping:#}");
    assert!(!dropping["risks"].as_array().unwrap().is_empty(), "{dropping:#}");
    let refused = lockstep(&["apply", "plan.sql", "--db", &file.url()], file.folder());
    assert_eq!(refused.status.code(), Some(1), "without consent nothing runs");
}

/// Goes to the chat, which opens as soon as the schema has been read.
fn chat(screen: &mut Screen) {
    while !screen.text().contains("Enter send") {
        screen.keys("a").settle(std::time::Duration::from_millis(500));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_asks_the_model_shows_what_it_is_told_and_its_drop_wants_the_name_typed() {
    let file = SqliteFile::new(SHOP).await;
    let operations = [json!({"op": "drop_table", "table": "sales"})];
    let server = serve(streamed("propose_changes", &json!({"title": "Tidy up", "operations": operations}))).await;
    configure(file.folder(), &server.uri(), "");
    let url = file.url();
    let folder = file.folder().to_path_buf();
    tokio::task::spawn_blocking(move || {
        let mut screen = Screen::open(&[&url], (160, 48), &folder);
        screen.wait_for("sales").wait_for("test-model at 127.0.0.1");
        chat(&mut screen);
        screen.keys("/context tidy up\r").wait_for("(user) tidy up");
        screen.keys("tidy up\r").wait_for("A plan of 1 step");
        screen.keys("\x1b").settle(std::time::Duration::from_millis(200));
        screen.keys("x").wait_for("Type sales");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_model_is_dropped_by_escape_and_the_built_in_planner_can_be_asked() {
    let file = SqliteFile::new(SHOP).await;
    let slow = streamed("reply", &json!({"answer": "too late"})).set_delay(std::time::Duration::from_mins(1));
    let server = serve(slow).await;
    configure(file.folder(), &server.uri(), "timeout_is_not_a_key = 1");
    let refused = lockstep(&["ask", "--db", &file.url(), "what references customers?"], file.folder());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("timeout_is_not_a_key"), "unknown keys are named");

    configure(file.folder(), &server.uri(), "");
    let (url, folder) = (file.url(), file.folder().to_path_buf());
    tokio::task::spawn_blocking(move || {
        let mut screen = Screen::open(&[&url], (160, 48), &folder);
        screen.wait_for("sales").wait_for("test-model at 127.0.0.1");
        chat(&mut screen);
        screen.keys("what references customers?\r").wait_for("thinking (Esc drops the request)");
        screen.keys("\x1b").wait_for("Dropped; nothing was changed").wait_gone("thinking");
        screen.keys("/builtin what references customers?\r").wait_for("customer_id");
    })
    .await
    .unwrap();
}
