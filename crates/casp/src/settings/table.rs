//! The table of all settings.

/// A setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Name in the environment; lower case in `casp.toml`.
    pub(crate) name: &'static str,
    /// Value when nothing is set; empty for none.
    pub(crate) default: &'static str,
    /// Never printed.
    pub(crate) is_secret: bool,
    /// For `.env.example`.
    pub(crate) comment: &'static str,
}

const fn open(name: &'static str, default: &'static str, comment: &'static str) -> Setting {
    Setting {
        name,
        default,
        is_secret: false,
        comment,
    }
}

const fn secret(name: &'static str, comment: &'static str) -> Setting {
    Setting {
        name,
        default: "",
        is_secret: true,
        comment,
    }
}

/// Sections, each with its settings.
pub(crate) const TABLE: &[(&str, &[Setting])] = &[
    (
        "Server",
        &[
            open(
                "PORT",
                "8080",
                "The one HTTP port: API, bridge, web app, docs",
            ),
            open(
                "BIND_ADDRESS",
                "127.0.0.1",
                "Address to listen on; 0.0.0.0 in a container or behind a load balancer",
            ),
            open(
                "PUBLIC_URL",
                "",
                "Where users and Twilio reach this server: https://casp.example.com or a bare host. Default: http://127.0.0.1:PORT",
            ),
            open("WEBHOOK_URL", "", "Another name of PUBLIC_URL"),
            open(
                "BRIDGE_PUBLIC_URL",
                "",
                "Where Twilio reaches the bridge's WebSockets, when it runs apart. Default: PUBLIC_URL",
            ),
            open(
                "FRONTEND_URL",
                "",
                "Origin of a web app of your own: allowed by CORS",
            ),
            open(
                "CORS_ORIGINS",
                "",
                "More allowed origins, separated by commas",
            ),
            open(
                "DATABASE_URL",
                "",
                "sqlite://casp.db or postgres://user:password@host/casp. Default of `casp dev`: SQLite in its data folder",
            ),
            secret(
                "SECRET_KEY",
                "Signs tokens and join links: 32 random characters or more (openssl rand -hex 32). `casp dev` makes one",
            ),
            open(
                "ENABLE_SECURITY_HEADERS",
                "true",
                "Content-Security-Policy and its like on every answer",
            ),
            open(
                "ALLOW_PRIVATE_URLS",
                "false",
                "true: webhook URLs and the like may be http and lead to private addresses. For development alone",
            ),
            open(
                "TRUSTED_PROXIES",
                "",
                "Addresses whose X-Forwarded-For is believed, separated by commas",
            ),
            open(
                "RATE_LIMIT_GUEST_JOINS",
                "30",
                "Room joins by link a minute and client; 0 for no limit",
            ),
            secret(
                "METRICS_TOKEN",
                "Bearer token for /metrics from other machines; without it only loopback may read them",
            ),
        ],
    ),
    (
        "LiveKit",
        &[
            open(
                "LIVEKIT_URL",
                "",
                "ws(s):// URL of a LiveKit server. Empty: `casp dev` starts livekit-server itself",
            ),
            open(
                "LIVEKIT_PUBLIC_URL",
                "",
                "The URL that clients get. Default: PUBLIC_URL, whose /rtc is proxied to LIVEKIT_URL",
            ),
            open(
                "LIVEKIT_API_KEY",
                "",
                "Its API key; a livekit-server that `casp dev` starts is given it too",
            ),
            secret(
                "LIVEKIT_API_SECRET",
                "Its API secret, 32 characters or more",
            ),
            open(
                "LIVEKIT_SERVER_BIN",
                "",
                "The livekit-server program for `casp dev`. Default: .tools/bin/livekit-server, then PATH",
            ),
        ],
    ),
    (
        "Agent",
        &[
            open(
                "AGENT_NAME",
                "",
                "Name for explicit dispatch. Empty: the agent joins every new room",
            ),
            open(
                "MAX_JOBS",
                "",
                "Conversations one worker holds at most. Default: 50 a CPU core",
            ),
            open(
                "DRAIN_TIMEOUT",
                "",
                "Seconds a stopping worker lets its conversations finish. Default: 600, `casp dev` 5",
            ),
            open(
                "AUDIO_CLEANUP",
                "false",
                "true: high-pass, noise suppression, gain and echo removal before speech recognition",
            ),
        ],
    ),
    (
        "Speech and language: an ordered list each; the first is used, the next are fallbacks",
        &[
            open(
                "STT",
                "",
                "Speech to text: openai, builtin (PocketSphinx, offline). Default: openai with a key or base URL, else builtin",
            ),
            open(
                "LLM",
                "",
                "Language model: openai, builtin (rules, offline). Default as above",
            ),
            open(
                "TTS",
                "",
                "Text to speech: openai, builtin (Flite, offline). Default as above",
            ),
            secret(
                "OPENAI_API_KEY",
                "Key of OpenAI or of a server that speaks its protocol",
            ),
            open(
                "OPENAI_BASE_URL",
                "",
                "Its base URL, /v1 included; a local server needs no key. Default: https://api.openai.com/v1",
            ),
            open(
                "OPENAI_STT_MODEL",
                "gpt-4o-mini-transcribe",
                "Model for /audio/transcriptions",
            ),
            open(
                "OPENAI_LLM_MODEL",
                "gpt-4.1-mini",
                "Model for /chat/completions",
            ),
            open(
                "OPENAI_TTS_MODEL",
                "gpt-4o-mini-tts",
                "Model for /audio/speech",
            ),
            open(
                "OPENAI_TTS_VOICE",
                "alloy",
                "Voice of assistants that name none",
            ),
        ],
    ),
    (
        "Twilio",
        &[
            open(
                "TWILIO_ACCOUNT_SID",
                "",
                "Account SID (AC…), for placing and ending calls",
            ),
            secret(
                "TWILIO_AUTH_TOKEN",
                "Auth token: checks the signature of webhooks. Needed outside `casp dev`",
            ),
            open(
                "TWILIO_API_BASE_URL",
                "https://api.twilio.com",
                "Twilio's REST API",
            ),
            open(
                "TWILIO_INTELLIGENCE_BASE_URL",
                "https://intelligence.twilio.com",
                "Twilio's Voice Intelligence",
            ),
            open(
                "TWILIO_PHONE_NUMBER",
                "",
                "Calls of accounts without a number of their own come from this one: +1234567890",
            ),
            open(
                "TWILIO_FALLBACK_NUMBERS",
                "",
                "Numbers that do instead when Twilio does not place calls from that one, separated by commas",
            ),
            open(
                "CALLS_PER_SECOND",
                "1",
                "Calls that are placed a second for one account; more wait in its queue. 0.2 is one every 5 s",
            ),
            open(
                "CALLS_AT_ONCE",
                "10",
                "Calls placed for one account that are under way at once; more wait in its queue",
            ),
            open(
                "DEFAULT_ACCOUNT",
                "",
                "E-mail of the account that calls belong to. Default in `casp dev`: the seeded one",
            ),
        ],
    ),
    (
        "Measuring",
        &[open(
            "CASP_MEASURE_TIMER",
            "false",
            "true: a bare 20 ms timer beside the calls, in the metrics, to tell the machine's lateness from ours",
        )],
    ),
    (
        "`casp dev`: the seeded account, when it shall be the same every time",
        &[
            open("CASP_DEV_EMAIL", "dev@casp.local", "Its e-mail"),
            secret("CASP_DEV_PASSWORD", "Its password"),
            secret(
                "CASP_DEV_API_KEY",
                "Its secret key, sk_…; the other modes accept it too, until accounts have keys of their own",
            ),
            secret("CASP_DEV_PUBLISHABLE_KEY", "Its publishable key, pk_…"),
        ],
    ),
];

/// All settings, without their sections.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    TABLE.iter().flat_map(|(_, settings)| settings.iter())
}
