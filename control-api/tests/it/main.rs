//! The API by resource, against a real LiveKit server.
mod auth;
mod background;
mod errors;
mod livekit_server;
mod livekit_webhook;
mod load;
mod openapi;
mod operations;
mod participant;
mod phone;
mod rooms;
mod rtc;
mod sessions;
mod test_app;
mod twilio;
mod twilio_request;
mod web_app;
