//! Teams and their channels, by name.

use super::bare;
use crate::{ActionError, ApiRequest, choice, microsoft::graph::Graph};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use url::Url;

/// Teams whose channels are looked at where no team is said.
const MOST_TEAMS: usize = 30;
/// Of these, at a time.
const AT_A_TIME: usize = 4;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    id: String,
    display_name: String,
}

/// A channel of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Channel {
    team_id: String,
    team: String,
    id: String,
    name: String,
}

impl Channel {
    /// As it is said: "Design in Product".
    pub(super) fn label(&self) -> String {
        format!("{} in {}", self.name, self.team)
    }

    pub(super) fn messages(&self, graph: &Graph) -> Url {
        graph.url(&["teams", &self.team_id, "channels", &self.id, "messages"])
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn team(&self) -> &str {
        &self.team
    }
}

async fn teams(graph: &Graph) -> Result<Vec<Named>, ActionError> {
    // It takes no parameters.
    graph
        .all(graph.url(&["me", "joinedTeams"]), ApiRequest::get)
        .await
}

async fn of(graph: &Graph, team: Named) -> Result<Vec<Channel>, ActionError> {
    let url = graph.url(&["teams", &team.id, "channels"]);
    let found: Vec<Named> = graph
        .all(url, |url| {
            if url.query().is_some() {
                return ApiRequest::get(url);
            }
            ApiRequest::get(url).query("$select", "id,displayName")
        })
        .await?;
    let channel = |channel: Named| Channel {
        team_id: team.id.clone(),
        team: team.display_name.clone(),
        id: channel.id,
        name: channel.display_name,
    };
    Ok(found.into_iter().map(channel).collect())
}

/// The channel of this name: "design", "#design", "the design channel in Product".
pub(super) async fn named(
    graph: &Graph,
    said: &str,
    team: Option<&str>,
) -> Result<Channel, ActionError> {
    let team = team.map(str::trim).filter(|team| !team.is_empty());
    let (said, team) = match (said.split_once(" in "), team) {
        (Some((channel, team)), None) => (channel, Some(team)),
        (_, team) => (said, team),
    };
    let said = bare(said, &["channel"]).trim_start_matches('#');
    let mut teams = teams(graph).await?;
    if let Some(team) = team {
        let team = bare(team, &["team"]);
        let found = choice::things(team, teams, |team| vec![team.display_name.clone()]);
        let label = |team: &Named| team.display_name.clone();
        let what = format!("{team} team");
        teams = vec![choice::only(&what, found, label, "in your Teams")?];
    }
    teams.truncate(MOST_TEAMS);
    let channels: Vec<Vec<Channel>> = stream::iter(teams)
        .map(|team| of(graph, team))
        .buffered(AT_A_TIME)
        .try_collect()
        .await?;
    let channels = channels.into_iter().flatten();
    let found = choice::things(said, channels, |channel| vec![channel.name.clone()]);
    choice::only(
        &format!("{said} channel"),
        found,
        Channel::label,
        "in your Teams",
    )
}
