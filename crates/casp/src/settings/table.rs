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
            secret(
                "ENCRYPTION_KEYS",
                "Keys that tokens and secrets of accounts are encrypted with: id:key,id:key, keys of 32 random bytes in base64 (openssl rand -base64 32). The first encrypts, all decrypt; `casp keys rotate` brings everything under the first. Default: one derived from SECRET_KEY",
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
                "RATE_LIMIT_AUTH",
                "5",
                "Attempts at each route of /auth and at /token a minute, for each client address and each e-mail; 0 for no limit",
            ),
            open(
                "RATE_LIMIT_CALLS",
                "2",
                "Calls that a user's access token begins or schedules a minute; 0 for no limit. API keys have the account's own limits",
            ),
            open(
                "RATE_LIMIT_SCENARIOS",
                "10",
                "Scenarios an account makes a minute; 0 for no limit",
            ),
            open(
                "RATE_LIMIT_GUEST_JOINS",
                "30",
                "Room joins by link a minute and client; 0 for no limit",
            ),
            open(
                "RATE_LIMIT_CHATS",
                "1200",
                "Chat completions and audio requests an account makes a minute; 0 for no limit",
            ),
            secret(
                "METRICS_TOKEN",
                "Bearer token for /metrics from other machines; without it only loopback may read them",
            ),
        ],
    ),
    (
        "Accounts",
        &[
            open(
                "REGISTRATION",
                "open",
                "Who may register: open (anybody), invite (casp accounts invite), closed (casp accounts create)",
            ),
            secret(
                "SMTP_URL",
                "Mail server: smtps://user:password@host or smtp://user:password@host:587?tls=required. Without it, `casp accounts verify` verifies e-mails and nobody resets a password",
            ),
            open("SMTP_FROM", "CASP <no-reply@localhost>", "Sender of mails"),
            open(
                "RECAPTCHA_SITE_KEY",
                "",
                "For pages that show the CAPTCHA; needed with RECAPTCHA_SECRET_KEY",
            ),
            secret(
                "RECAPTCHA_SECRET_KEY",
                "Turns the CAPTCHA on: registering and signing in need its token",
            ),
            open(
                "RECAPTCHA_BASE_URL",
                "https://www.google.com",
                "Where /recaptcha/api/siteverify is",
            ),
        ],
    ),
    (
        "What an account may spend a day: a number, or unlimited; `casp accounts limits` sets one account's own",
        &[
            open(
                "DAILY_CALLS",
                "",
                "Calls placed. Default: 200, `casp dev` unlimited",
            ),
            open(
                "DAILY_MESSAGES",
                "",
                "Messages sent. Default: 500, `casp dev` unlimited",
            ),
            open(
                "DAILY_MINUTES",
                "",
                "Minutes of calls. Default: 1000, `casp dev` unlimited",
            ),
            open(
                "DAILY_TOKENS",
                "",
                "Tokens of language models. Default: 5000000, `casp dev` unlimited",
            ),
            open(
                "DAILY_TOTAL_CALLS",
                "",
                "Calls of all accounts together that have no limits of their own. Default: 2000, `casp dev` unlimited",
            ),
            open(
                "DAILY_TOTAL_MESSAGES",
                "",
                "The same for messages. Default: 5000, `casp dev` unlimited",
            ),
            open(
                "DAILY_TOTAL_MINUTES",
                "",
                "The same for minutes. Default: 10000, `casp dev` unlimited",
            ),
            open(
                "DAILY_TOTAL_TOKENS",
                "",
                "The same for tokens. Default: 50000000, `casp dev` unlimited",
            ),
            open(
                "ALLOWED_DESTINATIONS",
                "*",
                "Prefixes of numbers that may be called and written to (+1,+49), or * for every country. Premium and satellite numbers and the dear islands have to be named (+1876)",
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
                "STREAM_SILENCE_TIMEOUT",
                "45",
                "Seconds after which a Media Streams client that says nothing, and answers no ping, is taken for gone",
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
                "TWILIO_WHATSAPP_NUMBER",
                "",
                "WhatsApp messages come from this number: +1234567890",
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
        "What users may connect. Register PUBLIC_URL/v1/oauth/callback/PROVIDER at each as a redirect URI",
        &[
            open(
                "GOOGLE_CLIENT_ID",
                "",
                "OAuth client at Google (gmail, google-calendar, google-drive)",
            ),
            secret("GOOGLE_CLIENT_SECRET", "Its secret"),
            open(
                "GOOGLE_REDIRECT_URI",
                "",
                "Where Google sends users back who connect by /google-calendar/auth. Default: PUBLIC_URL/google-calendar/callback",
            ),
            open(
                "GOOGLE_OAUTH_BASE_URL",
                "https://accounts.google.com",
                "Google's consent page and tokens",
            ),
            open(
                "GOOGLE_API_BASE_URL",
                "https://www.googleapis.com",
                "All other Google APIs",
            ),
            open(
                "MICROSOFT_CLIENT_ID",
                "",
                "OAuth client at Microsoft (outlook, outlook-calendar, teams, onedrive)",
            ),
            secret("MICROSOFT_CLIENT_SECRET", "Its secret"),
            open(
                "MICROSOFT_LOGIN_BASE_URL",
                "https://login.microsoftonline.com",
                "Microsoft's consent page and tokens",
            ),
            open(
                "MICROSOFT_GRAPH_BASE_URL",
                "https://graph.microsoft.com",
                "Microsoft Graph",
            ),
            open("SLACK_CLIENT_ID", "", "OAuth client at Slack"),
            secret("SLACK_CLIENT_SECRET", "Its secret"),
            open(
                "SLACK_API_BASE_URL",
                "https://slack.com",
                "Slack's consent page, tokens and API",
            ),
            open("HUBSPOT_CLIENT_ID", "", "OAuth client at HubSpot"),
            secret("HUBSPOT_CLIENT_SECRET", "Its secret"),
            open(
                "HUBSPOT_API_BASE_URL",
                "https://api.hubapi.com",
                "HubSpot's tokens and API; another root than this one is its consent page too",
            ),
            open("JIRA_CLIENT_ID", "", "OAuth client at Atlassian"),
            secret("JIRA_CLIENT_SECRET", "Its secret"),
            open(
                "JIRA_API_BASE_URL",
                "https://api.atlassian.com",
                "Atlassian's API; another root than this one is its consent page and tokens too",
            ),
        ],
    ),
    (
        "Transcripts and recordings",
        &[
            open(
                "RECORDINGS_URL",
                "",
                "Where recordings are kept: a folder or s3://bucket/prefix (with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL). Default: recordings, in `casp dev` within its data folder",
            ),
            open(
                "RETENTION_DAYS",
                "90",
                "Days that transcripts, recordings (Twilio's copies, too) and placed calls are kept; 0 for ever",
            ),
            open(
                "USE_TWILIO_VOICE_INTELLIGENCE",
                "false",
                "true: recorded calls are transcribed by Twilio Voice Intelligence too; needs TWILIO_VOICE_INTELLIGENCE_SID",
            ),
            open("TWILIO_VOICE_INTELLIGENCE_SID", "", "Its service (GA…)"),
            open(
                "DELETE_TWILIO_RECORDINGS",
                "false",
                "true: a recording that is kept here is deleted at Twilio",
            ),
        ],
    ),
    (
        "Logs and traces (RUST_LOG filters the lines: RUST_LOG=debug,str0m=warn). Numbers, addresses and keys are masked",
        &[
            open("LOG_FORMAT", "text", "text, or json: one object a line"),
            open(
                "LOG_FOLDER",
                "",
                "Folder for log files. Default: lines go to standard error",
            ),
            open(
                "LOG_ROTATION",
                "daily",
                "hourly, daily or never: when a new file is begun",
            ),
            open("LOG_FILES_KEPT", "14", "Files that are kept"),
            open(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "",
                "OpenTelemetry collector (OTLP over HTTP): http://collector:4318. One trace follows a call through all parts",
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
                "Its secret key, sk_…; the other modes accept it too, and make the account for it",
            ),
            secret("CASP_DEV_PUBLISHABLE_KEY", "Its publishable key, pk_…"),
        ],
    ),
];

/// All settings, without their sections.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    TABLE.iter().flat_map(|(_, settings)| settings.iter())
}
