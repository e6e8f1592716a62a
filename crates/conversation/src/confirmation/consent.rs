//! Yes, no, or something else: read by rules, so that no model (and no text a model has read) can say yes for the user.

/// What words say to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// They agree, and say nothing but that.
    Yes,
    /// They refuse.
    No,
    /// They are about something else, or add a condition.
    Other,
}

/// Phrases that agree, longest first where one begins another. None that refuses in another language: Polish "tak" does in
/// Malay, and Arabic "أجل" also asks to put off.
const YES: &[&str] = &[
    "yes",
    "yeah",
    "yea",
    "yep",
    "yup",
    "aye",
    "sure thing",
    "sure",
    "okay",
    "ok",
    "alright",
    "all right",
    "of course",
    "by all means",
    "absolutely",
    "definitely",
    "certainly",
    "exactly",
    "indeed",
    "affirmative",
    "that is right",
    "thats right",
    "that is correct",
    "thats correct",
    "that is fine",
    "thats fine",
    "right",
    "correct",
    "sounds good",
    "sounds right",
    "looks good",
    "very well",
    "fine",
    "perfect",
    "great",
    "good",
    "please do",
    "do so",
    "do it",
    "do that",
    "go ahead",
    "go for it",
    "go on",
    "proceed",
    "continue",
    "make it so",
    "confirmed",
    "confirm it",
    "confirm that",
    "confirm",
    "i confirm",
    "i do",
    "i agree",
    "agreed",
    "you can",
    "you may",
    "you should",
    "why not",
    "ja",
    "jawohl",
    "genau",
    "gerne",
    "oui",
    "bien sur",
    "daccord",
    "sí",
    "si",
    "claro",
    "certo",
    "sim",
    "jazeker",
    "natuurlijk",
    "graag",
    "akkoord",
    "tak proszę",
    "oczywiście",
    "zgoda",
    "potwierdzam",
    "да",
    "конечно",
    "хорошо",
    "согласен",
    "согласна",
    "подтверждаю",
    "evet",
    "tamam",
    "elbette",
    "onaylıyorum",
    "نعم",
    "موافق",
    "हाँ",
    "हां",
    "ठीक है",
    "haan",
    "是",
    "是的",
    "好",
    "好的",
    "可以",
    "没问题",
];

/// Phrases that refuse, wherever they stand.
const NO: &[&str] = &[
    "no",
    "nope",
    "nah",
    "not",
    "dont",
    "do not",
    "never",
    "never mind",
    "nevermind",
    "stop",
    "wait",
    "hold on",
    "hang on",
    "cancel that",
    "forget it",
    "forget that",
    "forget about it",
    "leave it",
    "skip it",
    "abort",
    "rather not",
    "wont",
    "nein",
    "nicht",
    "non",
    "não",
    "nao",
    "nee",
    "niet",
    "nie",
    "нет",
    "не",
    "стоп",
    "отмена",
    "hayır",
    "hayir",
    "olmaz",
    "iptal",
    "لا",
    "كلا",
    "नहीं",
    "मत",
    "nahi",
    "nahin",
    "不",
    "不是",
    "不要",
    "不用",
    "不行",
    "不好",
    "不可以",
    "别",
    "取消",
];

/// Words that say nothing by themselves.
const FILLER: &[&str] = &[
    "please",
    "thanks",
    "thank you",
    "thank",
    "you",
    "very much",
    "uh",
    "um",
    "erm",
    "er",
    "oh",
    "ah",
    "well",
    "so",
    "hey",
    "now",
    "then",
    "just",
    "bitte",
    "danke",
    "merci",
    "gracias",
    "por favor",
    "alstublieft",
    "alsjeblieft",
    "dank je",
    "proszę",
    "dziękuję",
    "пожалуйста",
    "спасибо",
    "lütfen",
    "من فضلك",
    "شكرا",
    "जी",
    "ji",
    "请",
    "谢谢",
    "casp",
];

/// What can be done, as people repeat it: "send it".
const DEEDS: &[&str] = &[
    "send",
    "post",
    "write",
    "share",
    "book",
    "schedule",
    "reschedule",
    "move",
    "create",
    "make",
    "add",
    "update",
    "change",
    "invite",
    "reply",
    "forward",
    "save",
    "log",
    "comment",
    "upload",
    "transfer",
    "press",
];
/// What people may call a deed that the question calls by another word.
const OTHER_WORDS: &[(&str, &str)] = &[("upload", "save"), ("transfer", "put")];
/// How people repeat that they are put through.
const PUT_THROUGH: &[&str] = &[
    "put me through",
    "put him through",
    "put her through",
    "put them through",
    "transfer me",
    "connect me",
];
/// The same where the words by themselves may as well call the whole thing off: "cancel it".
const UNDOINGS: &[&str] = &["cancel", "delete", "remove", "drop", "decline"];
const OBJECTS: &[&str] = &["it", "that", "this", "them", "him", "her", "one"];

/// Reads what somebody says to a question. Only words that do nothing but agree are a yes; a deed is agreed to by
/// repeating it ("send it") when the question names it.
pub(super) fn read(text: &str, question: &str) -> Consent {
    // "Yes?" asks what was said.
    if text.trim_end().ends_with(['?', '؟', '？']) {
        return Consent::Other;
    }
    let words = words_of(text);
    let asked = words_of(question);
    // "Shall I send …": what stands further back may be what is sent.
    let is_asked = |deed: &str| {
        let other = OTHER_WORDS.iter().find(|(said, _)| *said == deed);
        let other = other.map_or(deed, |(_, asked)| *asked);
        let mut asked = asked.iter().take(4);
        asked.any(|word| word == deed || word == other)
    };
    let mut rest = &words[..];
    let (mut agrees, mut repeats, mut has_more) = (false, false, false);
    while let Some(word) = rest.first() {
        let is_deed = |deeds: &[&str]| {
            deeds.contains(&word.as_str())
                && rest
                    .get(1)
                    .is_some_and(|next| OBJECTS.contains(&next.as_str()))
        };
        if longest(NO, rest).is_some() {
            // Whoever says both yes and no has not agreed.
            return Consent::No;
        } else if is_deed(UNDOINGS) {
            if !(agrees && is_asked(word)) {
                return Consent::No;
            }
            rest = &rest[2..];
        } else if let Some(length) = longest(PUT_THROUGH, rest) {
            has_more |= !is_asked("put");
            repeats = true;
            rest = &rest[length..];
        } else if is_deed(DEEDS) {
            has_more |= !is_asked(word);
            repeats = true;
            rest = &rest[2..];
        } else if let Some(length) = longest(YES, rest) {
            agrees = true;
            rest = &rest[length..];
        } else {
            let length = longest(FILLER, rest);
            has_more |= length.is_none();
            rest = &rest[length.unwrap_or(1)..];
        }
    }
    if (agrees || repeats) && !has_more {
        Consent::Yes
    } else {
        Consent::Other
    }
}

/// How many words the longest of the phrases takes that stands at the beginning.
fn longest(phrases: &[&str], words: &[String]) -> Option<usize> {
    let lengths = phrases.iter().filter_map(|phrase| {
        let length = phrase.split(' ').count();
        let start = words.get(..length)?;
        phrase
            .split(' ')
            .eq(start.iter().map(String::as_str))
            .then_some(length)
    });
    lengths.max()
}

/// Lower-case words; "don't" is one of them.
fn words_of(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace(['\'', '’'], "");
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{
        Consent::{No, Other, Yes},
        read,
    };

    const SEND: &str = "Shall I send a mail to John, saying: we won?";

    #[test]
    fn people_agree_refuse_and_change_the_subject_in_many_words() {
        for (text, expected) in [
            ("yes", Yes),
            ("Yes, please.", Yes),
            ("Yes?", Other),
            ("نعم؟", Other),
            ("हाँ? ", Other),
            ("Yeah, go ahead", Yes),
            ("okay", Yes),
            ("Sure thing!", Yes),
            ("um, yes, do it please", Yes),
            ("Yes, that's right. Send it.", Yes),
            ("send it", Yes),
            ("By all means", Yes),
            ("sounds good, thank you very much", Yes),
            ("I confirm", Yes),
            ("Ja, bitte!", Yes),
            ("Sí, claro", Yes),
            ("oui", Yes),
            ("no", No),
            ("No, thanks.", No),
            ("nope", No),
            ("Don't.", No),
            ("don’t send it", No),
            ("please do not", No),
            ("stop", No),
            ("wait", No),
            ("Yes. No, wait!", No),
            ("yes, but not now", No),
            ("never mind", No),
            ("cancel it", No),
            ("okay, cancel it", No),
            ("forget it", No),
            ("nein danke", No),
            ("", Other),
            ("thanks", Other),
            ("please", Other),
            ("What's the weather like?", Other),
            ("yes, but to Jane instead", Other),
            ("yes and tell Ann as well", Other),
            ("send it to Jane", Other),
            ("book it", Other),
            ("Who is John?", Other),
            ("mm-hm", Other),
            ("they said yes", Other),
        ] {
            assert_eq!(read(text, SEND), expected, "{text:?}");
        }
    }

    #[test]
    fn people_agree_and_refuse_in_their_languages() {
        for (text, expected) in [
            ("Ja, graag!", Yes),
            ("jazeker", Yes),
            ("Nee, bedankt", No),
            ("liever niet", No),
            ("Oczywiście.", Yes),
            ("tak, proszę", Yes),
            ("Nie, dziękuję", No),
            ("Да, пожалуйста", Yes),
            ("конечно", Yes),
            ("Да нет", No),
            ("не надо", No),
            ("Evet, lütfen.", Yes),
            ("Hayır", No),
            ("HAYIR", No),
            ("نعم، من فضلك", Yes),
            ("لا، شكرا", No),
            ("जी हाँ", Yes),
            ("ठीक है", Yes),
            ("जी नहीं।", No),
            ("haan ji", Yes),
            ("好的，谢谢。", Yes),
            ("是的", Yes),
            ("不要", No),
            // Not in all languages.
            ("tak", Other),
            ("أجل", Other),
            // More than a yes.
            ("да, но Анне", Other),
            ("evet ama yarın", Other),
            ("好的，发给安", Other),
            ("शायद हाँ", Other),
            ("谢谢", Other),
        ] {
            assert_eq!(read(text, SEND), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_asked_for_may_be_repeated() {
        let log = "Shall I log the note “call back” on Anil Rao in HubSpot?";
        let comment = "Shall I comment “done” on WEB-12?";
        let save = "Shall I save the text as “notes.txt” in your Google Drive?";
        let transfer = "Shall I put you through to sales?";
        let press = "Shall I press 1 2 pound on the telephone?";
        for (text, question, expected) in [
            ("log it", log, Yes),
            ("comment it", log, Other),
            ("yes, comment it", comment, Yes),
            ("save it", save, Yes),
            ("upload it", save, Yes),
            ("upload it", log, Other),
            ("transfer her", transfer, Yes),
            ("yes, transfer me please", transfer, Yes),
            ("put me through", transfer, Yes),
            ("put me through to Ann", transfer, Other),
            ("don't put me through", transfer, No),
            ("put me through", save, Other),
            ("press it", press, Yes),
        ] {
            assert_eq!(read(text, question), expected, "{text:?} to {question:?}");
        }
    }

    #[test]
    fn a_cancellation_wants_a_yes_beside_its_name() {
        let question = "Shall I cancel your call with Anil?";
        for (text, expected) in [
            ("yes, cancel it", Yes),
            ("yes", Yes),
            // Who knows which of the two is to be cancelled.
            ("cancel it", No),
            ("no, don't cancel it", No),
        ] {
            assert_eq!(read(text, question), expected, "{text:?}");
        }
    }
}
