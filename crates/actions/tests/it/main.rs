//! Actions against stand-ins of their providers.

mod connections;
mod files;
mod google;
mod hubspot;
mod jira;
mod microsoft;
mod office;
mod openapi;
mod slack;
mod stand_in;
mod utterances;
