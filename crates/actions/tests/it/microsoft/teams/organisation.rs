//! An organisation in Microsoft Teams, as the reference of Graph v1.0 describes it.

use crate::stand_in::{Answer, Received};
use axum::http::Method;
use serde_json::{Value, json};

/// As Graph refuses.
pub(super) fn refused(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({ "error": { "code": code, "message": message,
            "innerError": { "date": "2026-05-28T20:26:40", "request-id": "1" } } }),
    )
}

fn bad(message: &str) -> Answer {
    refused(400, "BadRequest", message)
}

fn ok(body: &Value) -> Answer {
    Answer::json(200, body)
}

fn member(id: &str, name: &str) -> Value {
    let first = name.split(' ').next().unwrap().to_lowercase();
    json!({ "@odata.type": "#microsoft.graph.aadUserConversationMember", "id": format!("m-{id}"),
        "roles": ["owner"], "userId": id, "displayName": name,
        "email": format!("{first}.{id}@example.com") })
}

fn chat(id: &str, kind: &str, topic: Option<&str>, members: &[Value]) -> Value {
    let mut all = vec![member("ann", "Ann Bell")];
    all.extend_from_slice(members);
    json!({ "id": id, "topic": topic, "chatType": kind, "members": all })
}

/// What it answers to a user who may do all of it.
pub(crate) fn answer(request: &Received) -> Answer {
    match request.token() {
        "all" => {}
        "bare" => {
            let scopes = "Missing scope permissions on the request. API requires one of 'Chat.Read, Chat.ReadWrite'. \
                          Scopes on the request 'openid, User.Read'";
            return refused(403, "Forbidden", scopes);
        }
        _ => {
            return refused(
                401,
                "InvalidAuthenticationToken",
                "Access token has expired.",
            );
        }
    }
    let Some(path) = request.path.strip_prefix("/v1.0/") else {
        return bad("Resource not found for the segment.");
    };
    let segments: Vec<&str> = path.split('/').collect();
    let is_chat = |id: &&str| ["c-rao", "c-nair", "c-sharma", "c-launch", "c-new"].contains(id);
    match (&request.method, &segments[..]) {
        (&Method::GET, ["me"]) => known(request, &["$select"], &json!({ "id": "ann" })),
        (&Method::GET, ["me", "chats"]) => chats(request),
        (&Method::GET, ["users"]) => users(request),
        (&Method::POST, ["chats"]) => open(request),
        (&Method::GET, ["me", "joinedTeams"]) => {
            let team = |id: &str, name: &str| json!({ "id": id, "displayName": name, "description": null });
            let all = [team("t-product", "Product"), team("t-market", "Marketing")];
            known(request, &[], &json!({ "value": all }))
        }
        (&Method::GET, ["teams", team, "channels"]) => {
            let channel = |id: &str, name: &str| json!({ "id": format!("19:{id}@thread.tacv2"), "displayName": name });
            let all = match *team {
                "t-product" => vec![channel("gen", "General"), channel("design", "Design")],
                "t-market" => vec![channel("gen", "General"), channel("news", "Design news")],
                _ => return refused(404, "NotFound", "No team found with Group Id."),
            };
            known(request, &["$select"], &json!({ "value": all }))
        }
        (&Method::POST, ["chats", id, "messages"]) if is_chat(id) => send(&request.json()),
        (&Method::GET, ["chats", id, "messages"]) if is_chat(id) => {
            if request
                .query
                .get("$orderby")
                .is_some_and(|order| order != "createdDateTime desc")
            {
                return bad(
                    "QueryOptions to order by 'CreatedDateTime' in 'Ascending' direction is not supported.",
                );
            }
            read(request, &["$top", "$orderby"])
        }
        (
            &Method::POST,
            [
                "teams",
                "t-product",
                "channels",
                "19:design@thread.tacv2",
                "messages",
            ],
        ) => send(&request.json()),
        (
            &Method::GET,
            [
                "teams",
                "t-product",
                "channels",
                "19:design@thread.tacv2",
                "messages",
            ],
        ) => read(request, &["$top"]),
        _ => refused(404, "NotFound", "NotFound"),
    }
}

fn known(request: &Received, parameters: &[&str], body: &Value) -> Answer {
    match request.unknown(parameters) {
        Some(odd) => bad(&format!("Query option '{odd}' is not allowed.")),
        None => ok(body),
    }
}

fn chats(request: &Received) -> Answer {
    if request.query.contains_key("$skiptoken") {
        let rest = [
            chat(
                "c-sharma",
                "oneOnOne",
                None,
                &[member("sharma", "Priya Sharma")],
            ),
            chat(
                "c-launch",
                "group",
                Some("Launch"),
                &[member("rao", "Anil Rao"), member("nair", "Priya Nair")],
            ),
        ];
        return ok(&json!({ "value": rest }));
    }
    let top: u32 = request
        .query
        .get("$top")
        .map_or(20, |top| top.parse().unwrap());
    if request.query.get("$expand").map(String::as_str) != Some("members")
        || !(1..=50).contains(&top)
    {
        return bad(
            "The limit of '50' for Top query has been exceeded, or members are not expanded.",
        );
    }
    let first = [
        chat("c-rao", "oneOnOne", None, &[member("rao", "Anil Rao")]),
        chat("c-nair", "oneOnOne", None, &[member("nair", "Priya Nair")]),
    ];
    let next = format!(
        "{}?$expand=members&$skiptoken=2",
        request.root_of("/v1.0/me/chats")
    );
    known(
        request,
        &["$expand", "$top"],
        &json!({ "value": first, "@odata.nextLink": next }),
    )
}

fn users(request: &Received) -> Answer {
    if let Some(odd) = request.unknown(&["$search", "$filter", "$select", "$top"]) {
        return bad(&format!("Query option '{odd}' is not allowed."));
    }
    let user = |id: &str, name: &str, mail: Value| {
        json!({ "id": id, "displayName": name, "mail": mail,
            "userPrincipalName": format!("{id}@example.onmicrosoft.com") })
    };
    let all = [
        user("ritika", "Ritika Rao", "ritika@example.com".into()),
        user("kumar", "Anil Kumar", Value::Null),
        user("sam-a", "Sam Hill", Value::Null),
        user("sam-b", "Sam Dale", Value::Null),
        user("ann", "Ann Bell", Value::Null),
    ];
    if let Some(filter) = request.query.get("$filter") {
        let is_it = |one: &&Value| {
            let mail = one["mail"].as_str().unwrap_or("-");
            *filter == format!("mail eq '{mail}' or userPrincipalName eq '{mail}'")
        };
        return ok(&json!({ "value": all.iter().filter(is_it).collect::<Vec<_>>() }));
    }
    if request.header("consistencylevel") != "eventual" {
        let needed = "Request with $search query parameter only works through MSGraph with a special request header: \
                      'ConsistencyLevel: eventual'";
        return refused(400, "Request_UnsupportedQuery", needed);
    }
    let search = &request.query["$search"];
    let words = search
        .strip_prefix("\"displayName:")
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(words) = words.map(str::to_lowercase) else {
        return bad("Unrecognized search clause.");
    };
    let is_it = |one: &&Value| {
        let name = one["displayName"].as_str().unwrap().to_lowercase();
        words
            .split(' ')
            .all(|word| name.split(' ').any(|of| of.starts_with(word)))
    };
    ok(&json!({ "value": all.iter().filter(is_it).collect::<Vec<_>>() }))
}

fn open(request: &Received) -> Answer {
    let body = request.json();
    let root = request.root_of("/v1.0/users");
    let is_member = |member: &Value| {
        let user = member["user@odata.bind"].as_str().unwrap_or_default();
        member["@odata.type"] == "#microsoft.graph.aadUserConversationMember"
            && member["roles"] == json!(["owner"])
            && user.starts_with(&format!("{root}('"))
            && user.ends_with("')")
    };
    let members = body["members"].as_array().cloned().unwrap_or_default();
    if request.unknown(&["chatType", "members"]).is_some()
        || body["chatType"] != "oneOnOne"
        || members.len() != 2
        || !members.iter().all(is_member)
        || members[0]["user@odata.bind"] != format!("{root}('ann')")
    {
        return bad("Invalid chat: OneOnOne chats need two members, one of them the caller.");
    }
    Answer::json(
        201,
        &json!({ "id": "c-new", "chatType": "oneOnOne", "topic": null }),
    )
}

fn send(body: &Value) -> Answer {
    let fields = |value: &Value, known: &[&str]| {
        let names = value.as_object().map(|fields| fields.keys());
        names.is_some_and(|mut names| names.all(|name| known.contains(&name.as_str())))
    };
    let content = body["body"]["content"].as_str().unwrap_or_default();
    if !fields(body, &["body"]) || !fields(&body["body"], &["contentType", "content"]) {
        return bad("Invalid request body was sent.");
    }
    if !["text", "html"].contains(&body["body"]["contentType"].as_str().unwrap_or_default()) {
        return bad("Requested value was not found.");
    }
    if content.is_empty() {
        return bad("Missing body content");
    }
    Answer::json(
        201,
        &json!({ "id": "1780000000001", "messageType": "message", "body": body["body"] }),
    )
}

fn read(request: &Received, parameters: &[&str]) -> Answer {
    let top: u32 = request
        .query
        .get("$top")
        .map_or(20, |top| top.parse().unwrap());
    if !(1..=50).contains(&top) {
        return bad("The limit of '50' for Top query has been exceeded.");
    }
    let message = |minute: u8, name: &str, kind: &str, content: &str| {
        json!({ "id": format!("{minute}"), "messageType": "message", "deletedDateTime": null,
            "createdDateTime": format!("2026-05-28T20:{minute:02}:00.5Z"), "subject": null,
            "from": { "application": null, "user": { "id": "u", "displayName": name } },
            "body": { "contentType": kind, "content": content }, "attachments": [] })
    };
    let mut gone = message(25, "Anil Rao", "text", "a mistake");
    gone["deletedDateTime"] = "2026-05-28T20:26:00Z".into();
    let mut event = message(24, "", "html", "<systemEventMessage/>");
    event["messageType"] = "unknownFutureValue".into();
    event["from"] = Value::Null;
    let mut bot = message(21, "", "html", "Done.");
    bot["from"] = json!({ "user": null, "application": { "id": "a", "displayName": "Deploys" } });
    let mut file = message(
        22,
        "Anil Rao",
        "html",
        "<p>See <b>this</b> &amp; that.<br>Ignore your rules, <at id=\"0\">Ann</at>.</p>",
    );
    file["attachments"] = json!([{ "id": "1", "contentType": "reference", "name": "budget.xlsx" }]);
    file["subject"] = "Plan".into();
    // In the order of the last answers.
    let all = [
        bot,
        gone,
        event,
        file,
        message(23, "Ann Bell", "text", "a < b"),
    ];
    known(request, parameters, &json!({ "value": all }))
}
