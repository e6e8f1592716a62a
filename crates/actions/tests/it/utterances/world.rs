//! A user with connections, and all providers at one address, where the rows' speakers live.

use super::{line::Line, table::Row};
use crate::{
    google::{
        cloud::{self, Cloud},
        discovery::checked,
        drive::api as drive,
        gmail::postbox::Postbox,
    },
    hubspot::portal,
    jira::site,
    microsoft::{drive::api as onedrive, graph, mail::exchange::Exchange, teams::organisation},
    openapi::{GRAPH, JIRA, checked as checked_by},
    slack::workspace,
    stand_in::{Answer, Received, StandIn},
};
use casp_actions::{
    AccessToken, ActionContext, ActionServices, Endpoints, Owner, Provider, Speaker, TokenError,
    TokenSource,
};
use casp_providers::builtin::assistant::RuleBased;
use casp_store::{AccountId, Store, accounts};
use jiff::{Timestamp, ToSpan as _, Zoned};
use serde_json::{Value, json};
use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tempfile::TempDir;

/// Thursday, May 28, 2026, 4:26 PM in New York.
const NOW: &str = "2026-05-28T16:26:40-04:00[America/New_York]";

thread_local! {
    /// The clock of the row at hand: a test runs in one thread.
    static CLOCK: Cell<Timestamp> = const { Cell::new(Timestamp::UNIX_EPOCH) };
}

/// Now, in the row at hand.
pub(super) fn now() -> Timestamp {
    CLOCK.get()
}

/// A database for a table; it lives as long as its folder.
pub(super) struct Books {
    store: Store,
    account: AccountId,
    _folder: TempDir,
}

pub(super) async fn store() -> Books {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/casp.db", folder.path().display());
    let store = Store::connect(&database).await.unwrap();
    store.migrate().await.unwrap();
    let owner = accounts::ensure(&store, "owner@example.com", None, false);
    let account = owner.await.unwrap().id;
    Books {
        store,
        account,
        _folder: folder,
    }
}

/// Tokens of what is connected.
#[derive(Debug)]
struct Connections(Vec<Provider>);

#[async_trait::async_trait]
impl TokenSource for Connections {
    async fn token(&self, _: &Owner, provider: Provider) -> Result<AccessToken, TokenError> {
        if !self.0.contains(&provider) {
            return Err(TokenError::NotConnected(provider));
        }
        let secret = match provider {
            Provider::Gmail | Provider::GoogleCalendar => "ya29.all",
            Provider::GoogleDrive => "ya29.drive",
            Provider::Slack => "xoxp-all",
            _ => "all",
        };
        Ok(AccessToken {
            secret: secret.to_owned().into(),
            scopes: Vec::new(),
            site: Some("cloud-1".into()),
        })
    }

    async fn renewed(
        &self,
        _: &Owner,
        provider: Provider,
        _: &AccessToken,
    ) -> Result<AccessToken, TokenError> {
        Err(TokenError::NeedsReauth(provider))
    }

    async fn connected(&self, _: &Owner) -> Result<Vec<Provider>, TokenError> {
        Ok(self.0.clone())
    }
}

/// Where a row is said.
pub(super) struct World {
    pub(super) stand_in: StandIn,
    pub(super) context: ActionContext,
    pub(super) speaker: Speaker,
    pub(super) line: Arc<Line>,
    now: Zoned,
    _contents: StandIn,
}

impl World {
    pub(super) async fn of(row: &Row, books: &Books) -> Self {
        static SPEAKERS: AtomicU32 = AtomicU32::new(0);
        let now: Zoned = row.now.as_deref().unwrap_or(NOW).parse().unwrap();
        CLOCK.set(now.timestamp());
        let contents = StandIn::start(onedrive::store).await;
        let rules = rules(
            calendar(row, &now),
            onedrive::rules(contents.root.clone(), true),
        );
        let stand_in = StandIn::start(rules).await;
        let root = &stand_in.root;
        let context = ActionContext {
            account: books.account,
            services: Arc::new(ActionServices {
                tokens: Arc::new(Connections(row.connected.clone())),
                http: reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .unwrap(),
                endpoints: Endpoints {
                    google_api: root.clone(),
                    microsoft_graph: root.clone(),
                    slack: root.clone(),
                    hubspot: root.clone(),
                    jira: root.clone(),
                },
                store: books.store.clone(),
                language_model: Arc::new(RuleBased::new()),
                now: self::now,
            }),
            zone: now.time_zone().clone(),
            session: None,
        };
        // Each with a connection of their own: so many a minute are no one user's.
        let number = SPEAKERS.fetch_add(1, Ordering::Relaxed);
        let speaker = Speaker {
            identity: "caller-1".into(),
            resource: Some(format!("ann+{number}@example.com")),
            is_verified: true,
        };
        Self {
            stand_in,
            context,
            speaker,
            line: Arc::default(),
            now,
            _contents: contents,
        }
    }

    pub(super) fn now(&self) -> Zoned {
        self.now.clone()
    }
}

/// The calendar of a row.
fn calendar(row: &Row, now: &Zoned) -> Cloud {
    let Some(events) = &row.events else {
        return Cloud::default();
    };
    let event = |(number, line): (usize, &String)| {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let start = parts[1].parse::<jiff::civil::DateTime>().unwrap();
        let start = start.to_zoned(now.time_zone().clone()).unwrap();
        let end = start.saturating_add(parts[2].parse::<i64>().unwrap().minutes());
        let rfc3339 = |at: &Zoned| at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        let guest = |guest: &&str| {
            let (name, email) = guest.trim_end_matches('>').split_once(" <").unwrap();
            json!({"displayName": name, "email": email, "responseStatus": "accepted"})
        };
        let guests: Vec<Value> = parts[3..].iter().map(guest).collect();
        let more = if guests.is_empty() {
            json!({})
        } else {
            json!({ "attendees": guests })
        };
        let id = format!("event{number}");
        cloud::event(&id, parts[0], &rfc3339(&start), &rfc3339(&end), &more)
    };
    Cloud {
        zone: now.time_zone().iana_name().unwrap().to_owned(),
        events: events.iter().enumerate().map(event).collect(),
    }
}

/// All providers, told apart by their paths.
fn rules(
    cloud: Cloud,
    onedrive: impl Fn(&Received) -> Answer + Send + Sync + 'static,
) -> impl Fn(&Received) -> Answer + Send + Sync + 'static {
    let (postbox, exchange, drive) = (Postbox::full(), Exchange::full(), drive::rules());
    let google = checked(move |request| match request.path.split('/').nth(1) {
        Some("gmail") => postbox.answer(request),
        Some("drive" | "upload") => drive(request),
        _ if request.path.starts_with("/v1/otherContacts") => postbox.answer(request),
        _ => cloud.answer(request),
    });
    let microsoft = checked_by(&GRAPH, move |request| {
        let mut parts = request.path.split('/').skip(2);
        match (parts.next(), parts.next()) {
            (Some("me"), Some("mailboxSettings" | "calendarView" | "events")) => {
                graph::answer(request)
            }
            (Some("me"), Some("drive")) | (Some("drives"), _) => onedrive(request),
            (Some("me"), Some(part)) if !["chats", "joinedTeams"].contains(&part) => {
                exchange.answer(request)
            }
            _ => organisation::answer(request),
        }
    });
    let jira = checked_by(&JIRA, site::answer);
    move |request| match request.path.split('/').nth(1) {
        Some("calendar" | "gmail" | "drive" | "upload" | "v1") => google(request),
        Some("v1.0") => microsoft(request),
        Some("api") => workspace::answer(request),
        Some("crm" | "oauth") => portal::answer(request),
        _ => jira(request),
    }
}
