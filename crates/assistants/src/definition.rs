//! How an assistant lies in the store: as JSON without its name.

use casp_conversation::Assistant;
use casp_store::{StoreError, scenarios::Scenario};
use serde_json::Value;

/// What the store keeps of an assistant.
pub fn definition(assistant: &Assistant) -> Value {
    // By way of text: as a number of 64 bits, a temperature of 0.7 would read 0.699999988.
    let text = serde_json::to_string(assistant).unwrap_or_default();
    let mut definition: Value = serde_json::from_str(&text).unwrap_or_default();
    if let Some(fields) = definition.as_object_mut() {
        fields.remove("name");
    }
    definition
}

/// The assistant that a scenario defines.
pub fn of_scenario(scenario: &Scenario) -> Result<Assistant, StoreError> {
    let mut definition = scenario.definition.clone();
    if let Some(fields) = definition.as_object_mut() {
        fields.insert("name".to_owned(), scenario.scenario_id.clone().into());
    }
    serde_json::from_value(definition)
        .map_err(|error| StoreError::Corrupt(format!("scenarios.definition: {error}")))
}

#[cfg(test)]
mod tests {
    use super::definition;
    use casp_conversation::Assistant;

    #[test]
    fn a_definition_reads_as_it_was_written() {
        let definition = definition(Assistant::builtin("sales").unwrap());
        assert_eq!(definition["temperature"].to_string(), "0.7");
        assert_eq!(definition["max_duration_s"], 900);
        assert!(definition.get("name").is_none());
    }
}
