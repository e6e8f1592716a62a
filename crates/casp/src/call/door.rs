//! Where the call goes: straight to a socket, or by Twilio's webhook and its TwiML.

use super::args::CallArgs;
use anyhow::{Context as _, bail};
use casp_twilio::{CallSid, signature::RequestValidator};
use url::Url;

/// The socket of the call, and how to come back to it.
#[derive(Debug)]
pub(super) struct Door {
    /// `ws://…`
    pub(super) url: String,
    /// For the socket's handshake.
    pub(super) api_key: Option<String>,
    /// `<Parameter>`s.
    pub(super) parameters: Vec<(String, String)>,
    /// The call.
    pub(super) call_sid: CallSid,
    webhook: Option<Webhook>,
}

#[derive(Debug)]
struct Webhook {
    http: reqwest::Client,
    validator: Option<RequestValidator>,
    form: Vec<(String, String)>,
    /// Of the last TwiML's `<Connect>`.
    action: Option<Url>,
}

impl Door {
    /// Finds the socket.
    pub(super) async fn open(args: &CallArgs) -> anyhow::Result<Self> {
        let call_sid = match &args.call_sid {
            Some(sid) => CallSid::new(sid.clone()).context("--call-sid")?,
            None => CallSid::new(format!("CA{}", uuid::Uuid::new_v4().simple()))?,
        };
        let mut door = Self {
            url: args.url.clone(),
            api_key: args.api_key.clone(),
            parameters: Vec::new(),
            call_sid,
            webhook: None,
        };
        let Some(webhook) = &args.webhook else {
            return Ok(door);
        };
        let webhook = Url::parse(webhook).context("--webhook is not a URL")?;
        let form = [
            ("AccountSid", "AC00000000000000000000000000000000"),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", door.call_sid.as_str()),
            ("CallStatus", "ringing"),
            ("Caller", &args.from),
            ("Called", &args.to),
            ("Direction", "inbound"),
            ("From", &args.from),
            ("To", &args.to),
        ];
        door.webhook = Some(Webhook {
            http: reqwest::Client::new(),
            validator: args.auth_token.as_deref().map(RequestValidator::new),
            form: form
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            action: None,
        });
        if !door.follow(webhook).await? {
            bail!("the webhook hung up");
        }
        Ok(door)
    }

    /// The socket was closed: asks the `<Connect>` action, as Twilio does. True when there is a new socket.
    pub(super) async fn resume(&mut self) -> anyhow::Result<bool> {
        match self
            .webhook
            .as_mut()
            .and_then(|webhook| webhook.action.take())
        {
            Some(action) => self.follow(action).await,
            None => Ok(false),
        }
    }

    async fn follow(&mut self, url: Url) -> anyhow::Result<bool> {
        let Some(webhook) = &mut self.webhook else {
            return Ok(false);
        };
        let twiml = webhook.post(&url).await?;
        let Some(connect) =
            Connect::read(&twiml).with_context(|| format!("the answer of {url}"))?
        else {
            return Ok(false);
        };
        webhook.action = connect
            .action
            .map(|action| url.join(&action))
            .transpose()
            .context("action")?;
        self.url = connect.url;
        self.parameters = connect.parameters;
        Ok(true)
    }
}

impl Webhook {
    async fn post(&self, url: &Url) -> anyhow::Result<String> {
        let mut request = self.http.post(url.clone()).form(&self.form);
        if let Some(validator) = &self.validator {
            request = request.header(
                "X-Twilio-Signature",
                validator.sign(url.as_str(), &self.form),
            );
        }
        let response = request
            .send()
            .await
            .with_context(|| format!("no answer from {url}; is CASP running?"))?;
        let status = response.status();
        let body = response.text().await?;
        if status == reqwest::StatusCode::FORBIDDEN {
            bail!(
                "{url} refused the signature (403): give its TWILIO_AUTH_TOKEN as --auth-token, and call the public URL"
            );
        }
        if !status.is_success() {
            bail!(
                "{url} answered {status}: {}",
                body.chars().take(200).collect::<String>()
            );
        }
        Ok(body)
    }
}

/// What a TwiML answer connects to.
#[derive(Debug, PartialEq, Eq)]
struct Connect {
    url: String,
    action: Option<String>,
    parameters: Vec<(String, String)>,
}

impl Connect {
    /// `None`: it hangs up.
    fn read(twiml: &str) -> anyhow::Result<Option<Self>> {
        let document = roxmltree::Document::parse(twiml).context("not XML")?;
        let find = |name: &str| document.descendants().find(|node| node.has_tag_name(name));
        if let Some(reject) = find("Reject") {
            bail!(
                "the call was rejected: {}",
                reject.attribute("reason").unwrap_or("rejected")
            );
        }
        let (Some(connect), Some(stream)) = (find("Connect"), find("Stream")) else {
            if find("Hangup").is_some() || document.root_element().first_element_child().is_none() {
                return Ok(None);
            }
            let said: Vec<_> = document
                .descendants()
                .filter_map(|node| node.text())
                .map(str::trim)
                .collect();
            bail!(
                "there is no <Connect><Stream> in it: {}",
                said.join(" ").trim()
            );
        };
        let url = stream
            .attribute("url")
            .context("<Stream> has no url")?
            .to_owned();
        let parameters = stream
            .children()
            .filter(|node| node.has_tag_name("Parameter"))
            .filter_map(|node| {
                Some((
                    node.attribute("name")?.to_owned(),
                    node.attribute("value")?.to_owned(),
                ))
            })
            .collect();
        Ok(Some(Self {
            url,
            action: connect.attribute("action").map(str::to_owned),
            parameters,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_twilio::twiml;

    #[test]
    fn a_stream_is_found_with_its_parameters() {
        let stream = twiml::Stream::new("wss://x/twilio/stream/CA1").parameter("token", "a&b");
        let xml = twiml::Response::new()
            .with(twiml::Connect::new(stream).action("/twilio/resume/CA1"))
            .to_xml();
        let expected = Connect {
            url: "wss://x/twilio/stream/CA1".into(),
            action: Some("/twilio/resume/CA1".into()),
            parameters: vec![("token".into(), "a&b".into())],
        };
        assert_eq!(Connect::read(&xml).unwrap(), Some(expected));
    }

    #[test]
    fn a_hang_up_is_none_and_a_refusal_says_why() {
        let hang_up = twiml::Response::new().with(twiml::Verb::Hangup).to_xml();
        assert_eq!(Connect::read(&hang_up).unwrap(), None);
        let busy = twiml::Response::new()
            .with(twiml::Reject {
                reason: twiml::RejectReason::Busy,
            })
            .to_xml();
        assert!(
            Connect::read(&busy)
                .unwrap_err()
                .to_string()
                .contains("busy")
        );
        let said = twiml::Response::new()
            .with(twiml::Say::new("All lines are busy."))
            .to_xml();
        assert!(
            Connect::read(&said)
                .unwrap_err()
                .to_string()
                .contains("All lines are busy.")
        );
        assert!(Connect::read("<html").is_err());
    }
}
