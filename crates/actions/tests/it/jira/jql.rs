//! JQL as far as it is asked here, read as strictly as Jira does.

use serde_json::Value;

/// `field operator value`
#[derive(Debug)]
struct Clause {
    field: String,
    operator: String,
    value: String,
}

/// Which issues a query means; else Jira's words on what is wrong with it.
pub(super) fn run(jql: &str, issues: &[Value]) -> Result<Vec<Value>, String> {
    let Some(conditions) = jql.strip_suffix(" ORDER BY updated DESC") else {
        return Err("Error in the JQL Query: Expecting either 'OR' or 'AND' but got '?'.".into());
    };
    let clauses = clauses(conditions)?;
    let mut found = Vec::new();
    for issue in issues {
        let mut is_meant = true;
        for clause in &clauses {
            is_meant &= clause.holds(issue)?;
        }
        if is_meant {
            found.push(issue.clone());
        }
    }
    Ok(found)
}

fn clauses(text: &str) -> Result<Vec<Clause>, String> {
    if text.trim().is_empty() {
        let bounded = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";
        return Err(bounded.into());
    }
    let (mut clauses, mut rest) = (Vec::new(), text);
    loop {
        let odd = || format!("Error in the JQL Query: The character at '{rest}' is a problem.");
        let (field, after) = rest.split_once(' ').ok_or_else(odd)?;
        let (operator, after) = after.split_once(' ').ok_or_else(odd)?;
        let (value, after) = value(after).ok_or_else(odd)?;
        clauses.push(Clause {
            field: field.into(),
            operator: operator.into(),
            value,
        });
        if after.is_empty() {
            return Ok(clauses);
        }
        rest = after.strip_prefix(" AND ").ok_or_else(odd)?;
    }
}

fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(' ').unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => match letters.next()?.1 {
                escaped @ ('"' | '\\') => value.push(escaped),
                _ => return None,
            },
            letter => value.push(letter),
        }
    }
    None
}

impl Clause {
    fn holds(&self, issue: &Value) -> Result<bool, String> {
        let fields = &issue["fields"];
        let text = |path: &str| {
            let found = fields.pointer(path).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        let is_done = text("/status/statusCategory/key") == "done";
        let unknown = || {
            let (value, field) = (&self.value, &self.field);
            Err(format!(
                "The value '{value}' does not exist for the field '{field}'."
            ))
        };
        match (&*self.field, &*self.operator) {
            ("summary" | "text", "~") => {
                let title = text("/summary").to_lowercase();
                let words: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).collect();
                let mut said = self.value.split(' ');
                Ok(said.all(|word| words.contains(&word)))
            }
            ("project", "=") => match &*self.value {
                "WEB" | "HR" => Ok(text("/project/key") == self.value),
                _ => unknown(),
            },
            ("assignee", "=") => match &*self.value {
                "currentUser()" => Ok(text("/assignee/accountId") == "u-ann"),
                "u-rao" | "u-nair" => Ok(text("/assignee/accountId") == self.value),
                _ => unknown(),
            },
            ("status", "=") => match &*self.value {
                "To Do" | "In Progress" | "In Review" | "Done" => {
                    Ok(text("/status/name") == self.value)
                }
                _ => unknown(),
            },
            ("statusCategory", "=") if self.value == "Done" => Ok(is_done),
            ("statusCategory", "!=") if self.value == "Done" => Ok(!is_done),
            _ => Err(format!(
                "Field '{}' does not exist or you do not have permission to view it.",
                self.field
            )),
        }
    }
}
