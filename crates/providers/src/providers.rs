//! The providers that the settings ask for, ready to use.

use crate::{
    LanguageModel, SpeechToText, TextToSpeech,
    builtin::{Flite, PocketSphinx, assistant::RuleBased},
    fallback::Fallback,
    openai::{Chat, Endpoint, Speech, Transcription},
    settings::{ProviderName, ProviderSettings, SettingsError},
};
use std::sync::{Arc, OnceLock, atomic::AtomicBool};
use tokio::task::AbortHandle;

/// One of each kind for the whole process: they share one HTTP client and its open connections.
#[derive(Debug)]
pub struct Providers {
    stt: Arc<Fallback<dyn SpeechToText>>,
    llm: Arc<Fallback<dyn LanguageModel>>,
    tts: Arc<Fallback<dyn TextToSpeech>>,
    endpoint: Option<Arc<Endpoint>>,
    pocketsphinx: Option<Arc<PocketSphinx>>,
    warming: OnceLock<AbortHandle>,
}

impl Providers {
    /// Reads the settings; connects to nothing yet.
    pub fn new(settings: &ProviderSettings) -> Result<Self, SettingsError> {
        let lists = [&settings.stt, &settings.llm, &settings.tts];
        let [stt, llm, tts] = lists.map(|list| settings.chosen(list));
        let uses_openai = [stt, llm, tts]
            .iter()
            .any(|list| list.contains(&ProviderName::OpenAi));
        let endpoint = uses_openai
            .then(|| Endpoint::new(&settings.openai, &settings.timeouts).map(Arc::new))
            .transpose()?;
        let pocketsphinx = stt
            .contains(&ProviderName::Builtin)
            .then(|| Arc::new(PocketSphinx::new(settings.timeouts.stt_total)));
        let build = Build {
            settings,
            endpoint: endpoint.as_ref(),
            pocketsphinx: pocketsphinx.as_ref(),
        };
        Ok(Self {
            stt: Arc::new(Fallback::<dyn SpeechToText>::new(
                build.each(stt, Build::stt)?,
            )),
            llm: Arc::new(Fallback::<dyn LanguageModel>::new(
                build.each(llm, Build::llm)?,
            )),
            tts: Arc::new(Fallback::<dyn TextToSpeech>::new(
                build.each(tts, Build::tts)?,
            )),
            endpoint,
            pocketsphinx,
            warming: OnceLock::new(),
        })
    }

    /// Speech-to-text.
    pub fn stt(&self) -> Arc<dyn SpeechToText> {
        Arc::clone(&self.stt) as Arc<dyn SpeechToText>
    }

    /// Language model. Its `chat` returns with the first delta.
    pub fn llm(&self) -> Arc<dyn LanguageModel> {
        Arc::clone(&self.llm) as Arc<dyn LanguageModel>
    }

    /// Text-to-speech. Its `synthesize` returns with the first sound.
    pub fn tts(&self) -> Arc<dyn TextToSpeech> {
        Arc::clone(&self.tts) as Arc<dyn TextToSpeech>
    }

    /// The providers that failed several times in a row and did not answer since, as `stt:openai`.
    pub fn degraded(&self) -> Vec<String> {
        let (stt, llm, tts) = (
            self.stt.degraded(),
            self.llm.degraded(),
            self.tts.degraded(),
        );
        stt.chain(llm).chain(tts).collect()
    }

    /// Opens a connection to each HTTP provider and keeps one open until this value is dropped, so that no
    /// turn waits for a handshake; loads the offline speech model. To be called once, inside a Tokio
    /// runtime; later calls do nothing.
    pub fn warm(&self) {
        if let Some(Err(error)) = self.pocketsphinx.as_ref().map(|stt| stt.warm()) {
            tracing::warn!(%error, "no offline speech-to-text");
        }
        if let Some(endpoint) = &self.endpoint {
            self.warming.get_or_init(|| {
                let endpoint = Arc::clone(endpoint);
                tokio::spawn(async move { endpoint.keep_warm().await }).abort_handle()
            });
        }
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        if let Some(task) = self.warming.get() {
            task.abort();
        }
    }
}

/// What the single providers are made of.
struct Build<'a> {
    settings: &'a ProviderSettings,
    endpoint: Option<&'a Arc<Endpoint>>,
    pocketsphinx: Option<&'a Arc<PocketSphinx>>,
}

impl Build<'_> {
    fn each<T: ?Sized>(
        &self,
        names: &[ProviderName],
        one: fn(&Self, ProviderName) -> Result<Arc<T>, SettingsError>,
    ) -> Result<Vec<Arc<T>>, SettingsError> {
        names.iter().map(|name| one(self, *name)).collect()
    }

    fn endpoint(&self) -> Result<Arc<Endpoint>, SettingsError> {
        self.endpoint.cloned().ok_or(SettingsError::NoApiKey)
    }

    fn stt(&self, name: ProviderName) -> Result<Arc<dyn SpeechToText>, SettingsError> {
        match name {
            ProviderName::Builtin => Ok(match self.pocketsphinx {
                Some(shared) => Arc::clone(shared) as Arc<dyn SpeechToText>,
                None => Arc::new(PocketSphinx::new(self.settings.timeouts.stt_total)),
            }),
            ProviderName::OpenAi => Ok(Arc::new(Transcription {
                endpoint: self.endpoint()?,
                model: self.settings.openai.stt_model.clone(),
                total: self.settings.timeouts.stt_total,
            })),
        }
    }

    fn llm(&self, name: ProviderName) -> Result<Arc<dyn LanguageModel>, SettingsError> {
        match name {
            ProviderName::Builtin => Ok(Arc::new(RuleBased::new())),
            ProviderName::OpenAi => Ok(Arc::new(Chat {
                endpoint: self.endpoint()?,
                model: self.settings.openai.llm_model.clone(),
                first_byte: self.settings.timeouts.llm_first_byte,
                gap: self.settings.timeouts.llm_gap,
                refuses_usage: AtomicBool::new(false),
            })),
        }
    }

    fn tts(&self, name: ProviderName) -> Result<Arc<dyn TextToSpeech>, SettingsError> {
        match name {
            ProviderName::Builtin => Ok(Arc::new(Flite::new(self.settings.timeouts.tts_gap))),
            ProviderName::OpenAi => Ok(Arc::new(Speech {
                endpoint: self.endpoint()?,
                model: self.settings.openai.tts_model.clone(),
                voice: self.settings.openai.tts_voice.clone(),
                first_byte: self.settings.timeouts.tts_first_byte,
                gap: self.settings.timeouts.tts_gap,
            })),
        }
    }
}
