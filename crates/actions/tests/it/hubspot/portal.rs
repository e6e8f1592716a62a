//! A portal of HubSpot, as the reference of its CRM API v3 describes it.

use crate::stand_in::{Answer, Received};
use axum::http::Method;
use serde_json::{Value, json};

pub(super) const CONTACTS: &str = "/crm/v3/objects/contacts";
pub(super) const NOTES: &str = "/crm/v3/objects/notes";

/// As HubSpot refuses.
pub(super) fn refused(status: u16, category: &str, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({ "status": "error", "message": message, "category": category,
            "correlationId": "aeb5f871-7f07-4993-9211-075dc63e7cbf" }),
    )
}

fn invalid(message: &str) -> Answer {
    refused(400, "VALIDATION_ERROR", message)
}

fn record(id: &str, properties: &Value) -> Value {
    json!({ "id": id, "properties": properties, "archived": false,
        "createdAt": "2026-05-01T10:00:00Z", "updatedAt": "2026-05-02T10:00:00Z" })
}

fn contacts() -> Vec<Value> {
    let contact = |id: &str, first: &str, last: &str, email: &str, phone: &str, company: &str| {
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        let national = digits.trim_start_matches("49").trim_start_matches('1');
        record(
            id,
            &json!({ "firstname": first, "lastname": last, "email": email, "phone": phone,
                "mobilephone": null, "company": company, "jobtitle": null,
                "hs_additional_emails": if id == "101" { "anil@home.test" } else { "" },
                "hs_searchable_calculated_phone_number": national }),
        )
    };
    vec![
        contact(
            "101",
            "Anil",
            "Rao",
            "anil@acme.test",
            "+1 (555) 010-1234",
            "Acme",
        ),
        contact("102", "Anil", "Kumar", "kumar@example.com", "", "Globex"),
        contact(
            "103",
            "Priya",
            "Nair",
            "priya@globex.test",
            "+49 171 23456789",
            "Globex",
        ),
    ]
}

fn companies() -> Vec<Value> {
    let company = |id: &str, name: &str| record(id, &json!({ "name": name, "domain": null }));
    vec![
        company("201", "Acme"),
        company("202", "Acme Labs"),
        company("203", "Globex"),
    ]
}

fn deals() -> Vec<Value> {
    let deal = |id: &str, name: &str, amount: Value, stage: &str, links: [&str; 3]| {
        let is_won = stage == "closedwon";
        record(
            id,
            &json!({ "dealname": name, "amount": amount, "deal_currency_code": "USD",
                "dealstage": stage, "closedate": "2026-06-30T00:00:00Z",
                "hs_lastmodifieddate": format!("2026-05-{}T00:00:00Z", &id[1..]),
                "hs_is_closed": is_won.to_string(), "hs_is_closed_won": is_won.to_string(),
                "associations.contact": links[0], "associations.company": links[1],
                "hubspot_owner_id": links[2] }),
        )
    };
    vec![
        deal(
            "310",
            "Acme renewal",
            "12000".into(),
            "contractsent",
            ["101", "201", "9001"],
        ),
        deal(
            "311",
            "Acme rollout",
            "30500.5".into(),
            "closedwon",
            ["101", "201", "9001"],
        ),
        deal(
            "312",
            "Globex pilot",
            Value::Null,
            "appointment",
            ["103", "203", "9002"],
        ),
    ]
}

/// What the portal answers to a user who may do all of it.
pub(crate) fn answer(request: &Received) -> Answer {
    let scopes = "This app hasn't been granted all required scopes to make this call.";
    let forbidden = || refused(403, "MISSING_SCOPES", scopes);
    let may_see_companies = match request.token() {
        "all" => true,
        "contacts" => false,
        "bare" => return forbidden(),
        _ => {
            let expired = "The OAuth token used to make this call expired 5 second(s) ago.";
            return refused(401, "EXPIRED_AUTHENTICATION", expired);
        }
    };
    if request.method == Method::POST && request.header("content-type") != "application/json" {
        return Answer::empty(415);
    }
    let path: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let body = request.json();
    match (&request.method, &path[..]) {
        (&Method::GET, ["oauth", "v1", "access-tokens", _]) => Answer::json(
            200,
            &json!({ "user": "ann@example.com", "user_id": 7, "hub_id": 1 }),
        ),
        (&Method::GET, ["crm", "v3", "owners"]) => owners(request),
        (&Method::GET, ["crm", "v3", "pipelines", "deals"]) => pipelines(),
        (_, ["crm", "v3", "objects", "companies", ..]) if !may_see_companies => forbidden(),
        (&Method::POST, ["crm", "v3", "objects", kind, "search"]) => search(kind, &body),
        (&Method::POST, ["crm", "v3", "objects", "contacts"]) => create(&body),
        (&Method::POST, ["crm", "v3", "objects", "notes"]) => note(&body),
        (&Method::GET, ["crm", "v3", "objects", "contacts", id]) => {
            let is_it = |one: &&Value| one["properties"]["email"] == *id;
            match contacts().iter().find(is_it) {
                Some(found) if request.query["idProperty"] == "email" => Answer::json(200, found),
                _ => refused(404, "OBJECT_NOT_FOUND", "Object not found."),
            }
        }
        _ => Answer::empty(404),
    }
}

fn owners(request: &Received) -> Answer {
    if request.unknown(&["limit", "after", "email"]).is_some() {
        return invalid("Unknown parameter.");
    }
    let owner = |id: &str, first: &str, last: &str, email: &str| json!({ "id": id, "firstName": first, "lastName": last, "email": email, "archived": false });
    let page = match request.query.get("after").map(String::as_str) {
        None => json!({ "results": [owner("9001", "Ann", "Bell", "ann@example.com")],
            "paging": { "next": { "after": "NTI1" } } }),
        Some("NTI1") => {
            json!({ "results": [owner("9002", "Ritika", "Rao", "ritika@example.com")] })
        }
        Some(_) => return invalid("Invalid paging cursor."),
    };
    Answer::json(200, &page)
}

fn pipelines() -> Answer {
    let stage = |id: &str, label: &str| json!({ "id": id, "label": label, "displayOrder": 0, "metadata": {} });
    Answer::json(
        200,
        &json!({ "results": [{ "id": "default", "label": "Sales", "stages": [
            stage("appointment", "Appointment scheduled"),
            stage("contractsent", "Contract sent"),
            stage("closedwon", "Closed won"),
        ] }] }),
    )
}

/// Whether a record fulfils a condition; else what is wrong with that.
fn holds(record: &Value, filter: &Value) -> Result<bool, Answer> {
    let name = filter["propertyName"].as_str().unwrap_or_default();
    let Some(property) = record["properties"].get(name) else {
        let unknown = ["hs_searchable_calculated_mobile_number"];
        if unknown.contains(&name) {
            return Ok(false);
        }
        return Err(invalid(&format!(
            "There was a problem with the request: property '{name}' does not exist."
        )));
    };
    let property = property.as_str().unwrap_or_default();
    let value = filter["value"].as_str();
    match (filter["operator"].as_str(), value) {
        (Some("EQ"), Some(value)) => Ok(property == value),
        (Some("IN"), None) => {
            let values = filter["values"].as_array();
            Ok(values.is_some_and(|values| values.iter().any(|one| one == property)))
        }
        (Some("CONTAINS_TOKEN"), Some(value)) => Ok(match value.strip_prefix('*') {
            Some(end) => property.ends_with(end),
            None => property.split([' ', ';']).any(|token| token == value),
        }),
        _ => Err(invalid("Invalid input JSON: operator or value.")),
    }
}

fn search(kind: &str, body: &Value) -> Answer {
    let (all, text): (Vec<Value>, &[&str]) = match kind {
        "contacts" => (
            contacts(),
            &["firstname", "lastname", "email", "phone", "company"],
        ),
        "companies" => (companies(), &["name", "domain"]),
        "deals" => (deals(), &["dealname", "dealstage"]),
        _ => return invalid("Unable to infer object type."),
    };
    let known = [
        "query",
        "filterGroups",
        "properties",
        "sorts",
        "limit",
        "after",
    ];
    let mut names = body.as_object().into_iter().flat_map(|body| body.keys());
    if let Some(odd) = names.find(|name| !known.contains(&name.as_str())) {
        return invalid(&format!("Invalid input JSON: Unrecognized field \"{odd}\""));
    }
    let limit = body["limit"].as_u64().unwrap_or(0);
    if !(1..=200).contains(&limit) {
        return invalid("The limit must be between 1 and 200.");
    }
    let groups = body["filterGroups"].as_array().cloned().unwrap_or_default();
    let is_small = |group: &Value| {
        group["filters"]
            .as_array()
            .is_some_and(|all| all.len() <= 6)
    };
    if groups.len() > 5 || !groups.iter().all(is_small) {
        return invalid("Too many filters.");
    }
    let words = body["query"].as_str().unwrap_or_default().to_lowercase();
    let mut found = Vec::new();
    for record in all {
        let mut is_meant = groups.is_empty();
        for group in &groups {
            let mut all_hold = true;
            for filter in group["filters"].as_array().unwrap() {
                match holds(&record, filter) {
                    Ok(one_holds) => all_hold &= one_holds,
                    Err(refused) => return refused,
                }
            }
            is_meant |= all_hold;
        }
        let texts: Vec<String> = text
            .iter()
            .filter_map(|name| record["properties"][name].as_str())
            .map(str::to_lowercase)
            .collect();
        let text = texts.join(" ");
        let begins = |word: &str| text.split([' ', '@', '.']).any(|of| of.starts_with(word));
        if is_meant && words.split_whitespace().all(begins) {
            found.push(record);
        }
    }
    if let Some(sort) = body["sorts"].get(0) {
        if sort["propertyName"] != "hs_lastmodifieddate" || sort["direction"] != "DESCENDING" {
            return invalid("Invalid sort.");
        }
        found.reverse();
    }
    let wanted = body["properties"].as_array().cloned().unwrap_or_default();
    let total = found.len();
    found.truncate(usize::try_from(limit).unwrap());
    for record in &mut found {
        let properties = record["properties"].as_object_mut().unwrap();
        properties.retain(|name, _| wanted.iter().any(|wanted| wanted == name));
    }
    Answer::json(200, &json!({ "total": total, "results": found }))
}

fn create(body: &Value) -> Answer {
    let known = [
        "firstname",
        "lastname",
        "email",
        "phone",
        "company",
        "jobtitle",
    ];
    let Some(properties) = body["properties"].as_object() else {
        return invalid("Invalid input JSON.");
    };
    if let Some(odd) = properties
        .keys()
        .find(|name| !known.contains(&name.as_str()))
    {
        return invalid(&format!(
            "Property values were not valid: property \"{odd}\" does not exist"
        ));
    }
    let email = properties.get("email").and_then(Value::as_str);
    if email.is_some_and(|email| !email.contains('@')) {
        return invalid("Property values were not valid: INVALID_EMAIL");
    }
    let there = contacts();
    let twin = there
        .iter()
        .find(|one| email.is_some() && one["properties"]["email"].as_str() == email);
    if let Some(twin) = twin {
        let message = format!(
            "Contact already exists. Existing ID: {}",
            twin["id"].as_str().unwrap()
        );
        return refused(409, "CONFLICT", &message);
    }
    Answer::json(201, &record("150", &body["properties"]))
}

fn note(body: &Value) -> Answer {
    let properties = &body["properties"];
    let time = properties["hs_timestamp"].as_str().unwrap_or_default();
    if time.parse::<jiff::Timestamp>().is_err() {
        return invalid("Property values were not valid: hs_timestamp is required.");
    }
    let names = properties
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys());
    let known = ["hs_timestamp", "hs_note_body", "hubspot_owner_id"];
    if let Some(odd) = names
        .into_iter()
        .find(|name| !known.contains(&name.as_str()))
    {
        return invalid(&format!(
            "Property values were not valid: property \"{odd}\" does not exist"
        ));
    }
    let links = body["associations"].as_array().cloned().unwrap_or_default();
    for link in &links {
        let kind = &link["types"][0];
        let id = link["to"]["id"].as_str().unwrap_or_default();
        let expected = match id.get(..1) {
            Some("1") => 202,
            Some("2") => 190,
            Some("3") => 214,
            _ => return refused(404, "OBJECT_NOT_FOUND", "Object not found."),
        };
        if kind["associationCategory"] != "HUBSPOT_DEFINED" || kind["associationTypeId"] != expected
        {
            return invalid("invalid association type for the objects");
        }
    }
    Answer::json(201, &record("700", properties))
}
