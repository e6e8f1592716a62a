//! Slack's markup of messages.

use std::collections::HashMap;

/// Text as Slack wants it. What stands in brackets would be obeyed: `<!channel>` calls everybody.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text as people read it: `<@U1>` by name, `<https://…|here>` as "here".
pub(super) fn plain(marked: &str, names: &HashMap<&str, String>) -> String {
    let (mut plain, mut rest) = (String::new(), marked);
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        let Some((inside, after)) = after.split_once('>') else {
            plain.push('<');
            rest = after;
            continue;
        };
        plain.push_str(&reference(inside, names));
        rest = after;
    }
    plain.push_str(rest);
    plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn reference(inside: &str, names: &HashMap<&str, String>) -> String {
    let (target, label) = match inside.split_once('|') {
        Some((target, label)) => (target, Some(label)),
        None => (inside, None),
    };
    let labelled = |fallback: &str| label.unwrap_or(fallback).to_owned();
    match target.split_at_checked(1) {
        Some(("@", id)) => {
            let known = names.get(id).cloned();
            format!("@{}", known.unwrap_or_else(|| labelled("somebody")))
        }
        Some(("#", id)) => format!("#{}", labelled(id)),
        Some(("!", call)) => format!("@{}", labelled(call)),
        _ => labelled(target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_read_and_never_written() {
        let names = HashMap::from([("U1", "Priya".to_owned())]);
        for (marked, expected) in [
            ("hi <@U1> &amp; <@U2|sam>", "hi @Priya & @sam"),
            ("see <https://x.test/a|the plan>", "see the plan"),
            ("<https://x.test/a>", "https://x.test/a"),
            ("<!channel> in <#C1|general>", "@channel in #general"),
            ("1 &lt; 2 &amp;lt;", "1 < 2 &lt;"),
            ("open < end", "open < end"),
            ("", ""),
        ] {
            assert_eq!(plain(marked, &names), expected);
        }
        assert_eq!(escaped("<!channel> a&b"), "&lt;!channel&gt; a&amp;b");
    }
}
