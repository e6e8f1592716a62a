//! The rule-based assistant: the offline language model.
