//! Somebody with an address.

use serde::{Deserialize, Serialize};

/// Somebody with an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// Name as the provider has it; may be empty.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

impl Person {
    /// As it is said: "Ramesh Kumar (ramesh@example.com)".
    pub fn spoken(&self) -> String {
        if self.name.is_empty() {
            self.email.clone()
        } else {
            format!("{} ({})", self.name, self.email)
        }
    }
}
