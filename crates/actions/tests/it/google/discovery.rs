//! Google's own descriptions of its APIs (discovery documents): what the stand-ins are asked, and what they answer, has to
//! fit them. They come with `google-api-python-client`, which is installed with the tests' Python packages.

use super::cloud::failure;
use crate::stand_in::{Answer, Received};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::{path::Path, sync::LazyLock};

const FOLDER: &str = "googleapiclient/discovery_cache/documents";

static DOCUMENTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let names = ["gmail.v1", "calendar.v3", "drive.v3", "people.v1"];
    names.map(document).to_vec()
});

fn document(name: &str) -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let libraries = here
        .ancestors()
        .filter_map(|folder| folder.join(".tools/venv/lib").read_dir().ok())
        .flatten()
        .flatten();
    let file = libraries
        .map(|python| python.path().join("site-packages").join(FOLDER))
        .map(|folder| folder.join(format!("{name}.json")))
        .find(|file| file.is_file())
        .expect("`scripts/setup test` installs Google's descriptions");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// The rules of a stand-in for requests that Google would understand, as long as they answer as Google might.
pub(crate) fn checked(
    rules: impl Fn(&Received) -> Answer + Send + Sync + 'static,
) -> impl Fn(&Received) -> Answer + Send + Sync + 'static {
    move |received| {
        let checked = Method::of(received).and_then(|method| {
            method.takes(received)?;
            let answer = rules(received);
            method.gives(received, &answer)?;
            Ok(answer)
        });
        checked.unwrap_or_else(|problem| {
            eprintln!("{} {}: {problem}", received.method, received.path);
            failure(400, "notDescribed", &problem)
        })
    }
}

/// A method, and the document that it is in.
struct Method {
    document: &'static Value,
    method: &'static Value,
}

impl Method {
    fn of(received: &Received) -> Result<Self, String> {
        let mut found = Vec::new();
        for document in &*DOCUMENTS {
            methods(document, &mut |method| {
                if method["httpMethod"] != received.method.as_str() {
                    return;
                }
                let base = document["servicePath"].as_str().unwrap_or_default();
                let path = method["path"].as_str().unwrap_or_default();
                let upload = method.pointer("/mediaUpload/protocols/simple/path");
                let paths = [
                    Some(format!("/{base}{path}")),
                    upload.and_then(|it| it.as_str().map(str::to_owned)),
                ];
                for path in paths.into_iter().flatten() {
                    if is_path(&path, &received.path) {
                        found.push((path.matches('{').count(), Self { document, method }));
                    }
                }
            });
        }
        // `files/generateIds` is no file.
        let nearest = found.into_iter().min_by_key(|(variables, _)| *variables);
        nearest
            .map(|(_, method)| method)
            .ok_or_else(|| "there is no such method".to_owned())
    }

    /// Whether the method takes these parameters and this body.
    fn takes(&self, received: &Received) -> Result<(), String> {
        let own = self.method["parameters"].as_object();
        let known = |name: &str| {
            let own = own.and_then(|own| own.get(name));
            own.or_else(|| self.document["parameters"].get(name))
        };
        for (name, value) in &received.pairs {
            let Some(parameter) = known(name).filter(|it| it["location"] == "query") else {
                // How the contents come with it.
                if name == "uploadType" && self.method.get("mediaUpload").is_some() {
                    continue;
                }
                return Err(format!("there is no parameter {name}"));
            };
            if parameter["repeated"] != true && received.values(name).len() > 1 {
                return Err(format!("{name} comes more than once"));
            }
            is_text_of(parameter, value).map_err(|problem| format!("{name}: {problem}"))?;
        }
        for (name, parameter) in own.into_iter().flatten() {
            let is_needed = parameter["required"] == true && parameter["location"] == "query";
            if is_needed && !received.query.contains_key(name) {
                return Err(format!("{name} is missing"));
            }
        }
        match (self.method.pointer("/request/$ref"), body(received)?) {
            (Some(schema), Some(body)) => self.fits(schema, &body),
            (None, Some(_)) => Err("it takes no body".to_owned()),
            (_, None) => Ok(()),
        }
    }

    /// Whether this is an answer of the method's, as far as it went well and is JSON.
    fn gives(&self, received: &Received, answer: &Answer) -> Result<(), String> {
        if received.query.get("alt").is_some_and(|alt| alt == "media") {
            return Ok(());
        }
        match (self.method.pointer("/response/$ref"), answer.success()) {
            (Some(schema), Some(answer)) => self.fits(schema, &answer),
            _ => Ok(()),
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let name = schema.as_str().unwrap_or_default();
        fits(
            &self.document["schemas"],
            &self.document["schemas"][name],
            value,
        )
        .map_err(|problem| format!("{name}: {problem}"))
    }
}

fn methods(resource: &'static Value, take: &mut impl FnMut(&'static Value)) {
    let of = |name: &str| resource[name].as_object().into_iter().flatten();
    of("methods").for_each(|(_, method)| take(method));
    for (_, inner) in of("resources") {
        methods(inner, take);
    }
}

/// Whether a path is one of `a/{b}/c`; `{+b}` stands for several parts.
fn is_path(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part.starts_with("{+") => return !given.is_empty(),
            (Some(part), Some(given)) if part.starts_with('{') => {
                if given.is_empty() {
                    return false;
                }
            }
            (Some(part), Some(given)) if part == given => {}
            _ => return false,
        }
    }
}

/// The JSON of a body: all of it, or the first part of several. An error is one that is none.
fn body(received: &Received) -> Result<Option<Value>, String> {
    let text = String::from_utf8_lossy(&received.body);
    let is_multipart = received.header("content-type").starts_with("multipart/");
    let json = if is_multipart {
        let part = text.split_once("\r\n\r\n").map(|(_, rest)| rest);
        part.and_then(|part| part.split_once("\r\n--"))
            .map(|(json, _)| json)
            .ok_or("its parts are not told apart")?
    } else {
        &text
    };
    if json.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str(json)
        .map(Some)
        .map_err(|error| format!("the body is no JSON: {error}"))
}

fn fits(schemas: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(schemas, &schemas[name], value);
    }
    let wrong = || Err(format!("{value} is no {}", schema["type"]));
    match (schema["type"].as_str(), value) {
        (Some("any"), _)
        | (Some("boolean"), Value::Bool(_))
        | (Some("number"), Value::Number(_)) => Ok(()),
        (Some("integer"), Value::Number(number)) if number.is_i64() => Ok(()),
        (Some("string"), Value::String(text)) => is_text_of(schema, text),
        (Some("array"), Value::Array(items)) => items
            .iter()
            .try_for_each(|item| fits(schemas, &schema["items"], item)),
        (Some("object"), Value::Object(fields)) => has_fields(schemas, schema, fields),
        _ => wrong(),
    }
}

fn has_fields(schemas: &Value, schema: &Value, fields: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in fields {
        let known = schema["properties"].get(name);
        let known = known.or_else(|| schema.get("additionalProperties"));
        let known = known.ok_or_else(|| format!("there is no field {name}"))?;
        fits(schemas, known, value).map_err(|problem| format!("{name}: {problem}"))?;
    }
    Ok(())
}

/// Whether a text is what a parameter or a field of type string may hold.
fn is_text_of(schema: &Value, text: &str) -> Result<(), String> {
    let number = |name: &str| schema[name].as_str().and_then(|it| it.parse::<i64>().ok());
    let is_right = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("boolean"), _) => matches!(text, "true" | "false"),
        (Some("integer"), _) => text.parse::<i64>().is_ok_and(|given| {
            number("minimum").is_none_or(|least| given >= least)
                && number("maximum").is_none_or(|most| given <= most)
        }),
        (_, Some("int64")) => text.parse::<i64>().is_ok(),
        (_, Some("uint64")) => text.parse::<u64>().is_ok(),
        (_, Some("date-time" | "google-datetime")) => text.parse::<Timestamp>().is_ok(),
        (_, Some("date")) => text.parse::<jiff::civil::Date>().is_ok(),
        _ => true,
    };
    let is_listed = schema["enum"]
        .as_array()
        .is_none_or(|values| values.iter().any(|value| value == text));
    if is_right && is_listed {
        Ok(())
    } else {
        Err(format!("{text:?} may not be there"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(method: &str, path: &str, query: &[(&str, &str)], body: &Value) -> Result<(), String> {
        let received = Received::of(method, path, query, body);
        Method::of(&received)?.takes(&received)
    }

    #[test]
    fn what_google_does_not_describe_is_refused() {
        const MESSAGES: &str = "/gmail/v1/users/me/messages";
        const EVENTS: &str = "/calendar/v3/calendars/primary/events";
        let none = Value::Null;
        assert_eq!(
            asked(
                "GET",
                MESSAGES,
                &[("q", "is:unread"), ("maxResults", "5")],
                &none
            ),
            Ok(())
        );
        assert_eq!(
            asked(
                "GET",
                "/drive/v3/files/generateIds",
                &[("count", "1")],
                &none
            ),
            Ok(())
        );
        assert_eq!(
            asked("POST", EVENTS, &[], &json!({"summary": "Review"})),
            Ok(())
        );
        for (method, path, query, body) in [
            ("GET", "/gmail/v1/users/me/letters", vec![], none.clone()),
            ("PUT", MESSAGES, vec![], none.clone()),
            ("GET", MESSAGES, vec![("query", "is:unread")], none.clone()),
            ("GET", MESSAGES, vec![("maxResults", "five")], none.clone()),
            ("GET", MESSAGES, vec![("q", "a"), ("q", "b")], none.clone()),
            ("GET", EVENTS, vec![("orderBy", "end")], none.clone()),
            ("GET", EVENTS, vec![], json!({"summary": "Review"})),
            ("POST", EVENTS, vec![], json!({"title": "Review"})),
            ("POST", EVENTS, vec![], json!({"summary": 7})),
            (
                "POST",
                EVENTS,
                vec![],
                json!({"start": {"dateTime": "tomorrow"}}),
            ),
        ] {
            assert!(
                asked(method, path, &query, &body).is_err(),
                "{method} {path} {query:?} {body}"
            );
        }
    }
}
