//! Twilio: typed TwiML, webhook signatures, Media Streams messages.
