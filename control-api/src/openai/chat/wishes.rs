//! What a request asks for beside its words, read and checked.

use super::{
    format,
    request::{ChatCompletionRequest, Choice, ChosenTools, Stop, Tool},
};
use crate::openai::error::OpenAiError;
use casp_conversation::{ActionName, ReplyOptions};
use casp_providers::{ChatOptions, ToolChoice, ToolSpec};
use serde_json::{Value, json};

/// Most tools of a client.
const MOST_TOOLS: usize = 128;
/// Most texts before which an answer ends, and their longest.
const MOST_STOPS: usize = 4;
const LONGEST_STOP: usize = 200;

/// Reads all but model, messages, user and metadata, and takes what it reads. `actions` are the assistant's own tools.
pub(super) fn read(
    request: &mut ChatCompletionRequest,
    actions: &[ToolSpec],
) -> Result<ReplyOptions, OpenAiError> {
    refuse_what_is_not_done(request)?;
    let within = |name: &str, value: Option<f32>, from: f32, to: f32| match value {
        Some(value) if !(from..=to).contains(&value) => Err(OpenAiError::invalid(
            name,
            format!("between {from} and {to}"),
        )),
        value => Ok(value),
    };
    let (format, check) = format::read(request.response_format.take())?;
    let mut options = ReplyOptions {
        temperature: within("temperature", request.temperature, 0.0, 2.0)?,
        max_tokens: most_tokens(request)?,
        model: ChatOptions {
            top_p: within("top_p", request.top_p, 0.0, 1.0)?,
            frequency_penalty: within("frequency_penalty", request.frequency_penalty, -2.0, 2.0)?,
            presence_penalty: within("presence_penalty", request.presence_penalty, -2.0, 2.0)?,
            seed: request.seed,
            stop: stops(request.stop.take())?,
            parallel_tool_calls: request.parallel_tool_calls,
            format,
            ..ChatOptions::default()
        },
        client_tools: tools(request.tools.take().unwrap_or_default(), actions)?,
        is_only_read: true,
        check,
        ..ReplyOptions::default()
    };
    match request.tool_choice.take() {
        None => {}
        Some(Choice::Mode(mode)) => set_mode(&mut options, &mode)?,
        Some(Choice::Tools(chosen)) => choose(&mut options, chosen, actions)?,
    }
    Ok(options)
}

/// OpenAI's limits of names.
pub(super) fn is_name(name: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(is_fine)
}

/// What is OpenAI's, and would change the answer if it were done.
fn refuse_what_is_not_done(request: &ChatCompletionRequest) -> Result<(), OpenAiError> {
    let no = |param: &str, message: &'static str| Err(OpenAiError::unsupported(param, message));
    if request.n.is_some_and(|n| n != 1) {
        return no(
            "n",
            "casp-realtime acts, so it answers once: `n` must be 1.",
        );
    }
    if request.logprobs == Some(true) {
        return no("logprobs", "casp-realtime has no log probabilities.");
    }
    let is_text = |modalities: &Vec<String>| modalities.iter().all(|modality| modality == "text");
    if !request.modalities.as_ref().is_none_or(is_text) {
        return no(
            "modalities",
            "Chat completions are text; /v1/audio/speech speaks.",
        );
    }
    if request
        .logit_bias
        .as_ref()
        .is_some_and(|bias| !bias.is_empty())
    {
        return no("logit_bias", "casp-realtime takes no biases.");
    }
    if request.functions.is_some() || request.function_call.is_some() {
        return no("functions", "`functions` has become `tools`.");
    }
    Ok(())
}

fn most_tokens(request: &ChatCompletionRequest) -> Result<Option<u32>, OpenAiError> {
    let named = [
        ("max_completion_tokens", request.max_completion_tokens),
        ("max_tokens", request.max_tokens),
    ];
    if let Some((name, _)) = named.iter().find(|(_, most)| *most == Some(0)) {
        return Err(OpenAiError::invalid(name, "at least 1"));
    }
    Ok(named.into_iter().find_map(|(_, most)| most))
}

fn stops(stop: Option<Stop>) -> Result<Vec<String>, OpenAiError> {
    let stops = match stop {
        None => Vec::new(),
        Some(Stop::One(stop)) => vec![stop],
        Some(Stop::Many(stops)) => stops,
    };
    let is_fine = |stop: &String| (1..=LONGEST_STOP).contains(&stop.len());
    if stops.len() > MOST_STOPS || !stops.iter().all(is_fine) {
        let message = format!("at most {MOST_STOPS} texts of 1 to {LONGEST_STOP} bytes");
        return Err(OpenAiError::invalid("stop", message));
    }
    Ok(stops)
}

fn tools(tools: Vec<Tool>, actions: &[ToolSpec]) -> Result<Vec<ToolSpec>, OpenAiError> {
    if tools.len() > MOST_TOOLS {
        let message = format!("at most {MOST_TOOLS} tools");
        return Err(OpenAiError::invalid("tools", message));
    }
    let mut specs: Vec<ToolSpec> = Vec::with_capacity(tools.len());
    for (n, tool) in tools.into_iter().enumerate() {
        let place = |field: &str| format!("tools[{n}].{field}");
        let Some(function) = tool.function.filter(|_| tool.r#type == "function") else {
            let message = "only tools of type `function`, with their `function`";
            return Err(OpenAiError::unsupported(&place("type"), message));
        };
        let name = function.name;
        if !is_name(&name) {
            let message = "1 to 64 letters, digits, dashes and underscores";
            return Err(OpenAiError::invalid(&place("function.name"), message));
        }
        if specs.iter().chain(actions).any(|known| known.name == name) {
            let message = format!("there is a tool or an action named `{name}` already");
            return Err(OpenAiError::invalid(&place("function.name"), message));
        }
        let parameters = function
            .parameters
            .filter(|parameters| !parameters.is_null());
        if parameters.as_ref().is_some_and(|it| !it.is_object()) {
            let message = "a JSON Schema of an object";
            return Err(OpenAiError::invalid(&place("function.parameters"), message));
        }
        specs.push(ToolSpec {
            name,
            description: function.description.unwrap_or_default(),
            parameters: parameters.unwrap_or_else(no_parameters),
        });
    }
    Ok(specs)
}

fn no_parameters() -> Value {
    json!({"type": "object", "properties": {}})
}

fn set_mode(options: &mut ReplyOptions, mode: &str) -> Result<(), OpenAiError> {
    match mode {
        "auto" => {}
        "none" => options.is_without_tools = true,
        "required" => options.model.tool_choice = ToolChoice::Required,
        _ => {
            let message = "`none`, `auto`, `required`, or a tool";
            return Err(OpenAiError::invalid("tool_choice", message));
        }
    }
    Ok(())
}

fn choose(
    options: &mut ReplyOptions,
    chosen: ChosenTools,
    actions: &[ToolSpec],
) -> Result<(), OpenAiError> {
    match (
        chosen.r#type.as_str(),
        chosen.function,
        chosen.allowed_tools,
    ) {
        ("function", Some(function), _) => {
            let offered = || options.client_tools.iter().chain(actions);
            // An action goes by its own name too: `gmail.send`.
            let as_action = ActionName::from_tool(&function.name).to_tool();
            let tool = offered().find(|tool| tool.name == function.name || tool.name == as_action);
            let Some(tool) = tool else {
                let message = "there is no such tool among `tools`";
                return Err(OpenAiError::invalid("tool_choice.function.name", message));
            };
            options.model.tool_choice = ToolChoice::Tool(tool.name.clone());
        }
        ("allowed_tools", _, Some(allowed)) => {
            let names = allowed.tools.into_iter().filter_map(|tool| tool.function);
            let names: Vec<String> = names.map(|function| function.name).collect();
            options
                .client_tools
                .retain(|tool| names.contains(&tool.name));
            set_mode(options, allowed.mode.as_deref().unwrap_or("auto"))?;
        }
        _ => {
            let message = "`function` with its name, or `allowed_tools`";
            return Err(OpenAiError::unsupported("tool_choice.type", message));
        }
    }
    Ok(())
}
