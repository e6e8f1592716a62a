//! The Atlassian Document Format: what Jira's REST API v3 wants texts in.

use serde_json::{Value, json};

/// A plain text as a document: each line a paragraph. Nothing in it is markup.
pub(super) fn document(text: &str) -> Value {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let paragraph =
        |line: &str| json!({ "type": "paragraph", "content": [{ "type": "text", "text": line }] });
    let content: Vec<Value> = lines.map(paragraph).collect();
    json!({ "type": "doc", "version": 1, "content": content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_paragraphs_and_none_is_empty() {
        assert_eq!(
            document("It fails.\n\n  *Always*  \n"),
            json!({ "type": "doc", "version": 1, "content": [
                { "type": "paragraph", "content": [{ "type": "text", "text": "It fails." }] },
                { "type": "paragraph", "content": [{ "type": "text", "text": "*Always*" }] },
            ] })
        );
    }
}
