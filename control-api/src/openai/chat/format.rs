//! The form of the answer: what the model is told of it, and how the answer is checked.

use super::request::{Format, JsonSchema};
use crate::openai::error::OpenAiError;
use casp_conversation::AnswerCheck;
use casp_providers::ResponseFormat;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

/// Longest schema, bytes.
const LONGEST_SCHEMA: usize = 64 * 1024;
/// What the model is told of an answer that does not fit: so many errors,
const MOST_ERRORS: usize = 3;
/// of at most this length.
const LONGEST_COMPLAINT: usize = 400;

/// The form for the model, and the check of what it writes.
pub(super) fn read(
    format: Option<Format>,
) -> Result<(ResponseFormat, Option<AnswerCheck>), OpenAiError> {
    Ok(match format {
        None | Some(Format::Text) => (ResponseFormat::Text, None),
        Some(Format::JsonObject) => (
            ResponseFormat::JsonObject,
            Some(AnswerCheck::new(|answer| {
                object(answer).map(|(text, _)| text)
            })),
        ),
        Some(Format::JsonSchema { json_schema }) => schema(json_schema)?,
    })
}

fn schema(given: JsonSchema) -> Result<(ResponseFormat, Option<AnswerCheck>), OpenAiError> {
    const PLACE: &str = "response_format.json_schema";
    if !super::wishes::is_name(&given.name) {
        let message = "1 to 64 letters, digits, dashes and underscores";
        return Err(OpenAiError::invalid(&format!("{PLACE}.name"), message));
    }
    let schema = given.schema.unwrap_or_else(|| serde_json::json!({}));
    let wrong = |message: String| OpenAiError::invalid(&format!("{PLACE}.schema"), message);
    if schema.to_string().len() > LONGEST_SCHEMA {
        return Err(wrong(format!("at most {LONGEST_SCHEMA} bytes")));
    }
    // Patterns run in linear time, and nothing is fetched.
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
    let validator = options
        .build(&schema)
        .map_err(|error| wrong(cut(format!("not a JSON Schema that can be used: {error}"))))?;
    let check = AnswerCheck::new(move |answer| {
        let (text, value) = json(answer)?;
        complaints(&validator, &value).map(|()| text)
    });
    let format = ResponseFormat::JsonSchema {
        name: given.name,
        description: given.description,
        schema,
        strict: given.strict,
    };
    Ok((format, Some(check)))
}

fn complaints(validator: &Validator, value: &Value) -> Result<(), String> {
    let errors = validator.iter_errors(value).take(MOST_ERRORS);
    let errors: Vec<String> = errors
        .map(|error| match error.instance_path().to_string() {
            path if path.is_empty() => error.to_string(),
            path => format!("{path}: {error}"),
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(cut(format!(
            "it does not fit the schema: {}",
            errors.join("; ")
        )))
    }
}

fn object(answer: &str) -> Result<(String, Value), String> {
    let (text, value) = json(answer)?;
    if value.is_object() {
        Ok((text, value))
    } else {
        Err("it is not a JSON object".to_owned())
    }
}

/// The JSON of an answer, without the fence that models like to put around it.
fn json(answer: &str) -> Result<(String, Value), String> {
    let answer = answer.trim();
    let inner = answer
        .strip_prefix("```json")
        .or_else(|| answer.strip_prefix("```"))
        .and_then(|rest| rest.trim_end().strip_suffix("```"))
        .map_or(answer, str::trim);
    let value = serde_json::from_str(inner).map_err(|error| format!("it is not JSON: {error}"))?;
    Ok((inner.to_owned(), value))
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST_COMPLAINT) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn validator(schema: &Value) -> Validator {
        let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
        options.build(schema).unwrap()
    }

    fn refusal(schema: &Value) -> String {
        let given = serde_json::from_value(json!({"name": "x", "schema": schema})).unwrap();
        super::schema(given)
            .err()
            .unwrap()
            .into_body()
            .error
            .message
            .into_owned()
    }

    #[test]
    fn a_fence_is_taken_off_and_words_are_no_json() {
        assert_eq!(json("```json\n{\"a\":1}\n```").unwrap().0, r#"{"a":1}"#);
        assert_eq!(json(" [1] ").unwrap().1, json!([1]));
        assert!(json("Here it is: {}").is_err());
        assert!(object("[1]").is_err());
    }

    #[test]
    fn the_model_is_told_where_it_went_wrong() {
        let validator = validator(&json!({
            "type": "object", "required": ["day"], "additionalProperties": false,
            "properties": {"day": {"type": "string"}, "hour": {"type": "integer"}},
        }));
        assert_eq!(
            complaints(&validator, &json!({"day": "Monday", "hour": 3})),
            Ok(())
        );
        let error = complaints(&validator, &json!({"hour": "three"})).unwrap_err();
        assert!(error.contains("/hour") && error.contains("day"), "{error}");
    }

    #[test]
    fn schemas_that_cannot_be_used_are_refused() {
        assert!(refusal(&json!({"type": "nonsense"})).contains("not a JSON Schema"));
        assert!(
            refusal(&json!({"$ref": "https://example.com/schema.json"}))
                .contains("not a JSON Schema")
        );
        assert!(refusal(&json!({"$ref": "file:///etc/passwd"})).contains("not a JSON Schema"));
        assert!(refusal(&json!({"enum": ["x".repeat(70_000)]})).contains("at most"));
    }
}
