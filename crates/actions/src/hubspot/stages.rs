//! The stages that deals go through.

use super::api::HubSpotApi;
use crate::{ActionError, choice};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Debug, Deserialize)]
struct Pipelines {
    results: Vec<Pipeline>,
}

#[derive(Debug, Deserialize)]
struct Pipeline {
    stages: Vec<Stage>,
}

#[derive(Debug, Deserialize)]
struct Stage {
    id: String,
    label: String,
}

/// The stages of all pipelines.
#[derive(Debug)]
pub(super) struct Stages(Vec<Stage>);

impl Stages {
    pub(super) async fn of(api: &HubSpotApi) -> Result<Self, ActionError> {
        let pipelines: Pipelines = api.get(&["crm", "v3", "pipelines", "deals"], &[]).await?;
        let stages = pipelines.results.into_iter();
        Ok(Self(stages.flat_map(|pipeline| pipeline.stages).collect()))
    }

    /// What they are called, by id.
    pub(super) fn labels(&self) -> HashMap<&str, &str> {
        let stages = self.0.iter();
        stages
            .map(|stage| (stage.id.as_str(), stage.label.as_str()))
            .collect()
    }

    /// The stage of this name: what it is called, and its ids; pipelines may have one each.
    pub(super) fn named(&self, said: &str) -> Result<(String, Vec<String>), ActionError> {
        let mut found = choice::things(said, &self.0, |stage| vec![stage.label.clone()]);
        let mut labels: Vec<String> = found.iter().map(|stage| stage.label.clone()).collect();
        labels.sort();
        labels.dedup();
        let what = format!("{} stage", said.trim());
        let label = choice::only(&what, labels, Clone::clone, "in your HubSpot")?;
        found.retain(|stage| stage.label == label);
        Ok((
            label,
            found.into_iter().map(|stage| stage.id.clone()).collect(),
        ))
    }
}
