//! The sentences that people say to an assistant, as a language model for PocketSphinx and as a judgement of
//! what it heard.
//!
//! The US English model is for newspapers; "cancel my call with Rick" becomes "can some iconic break". With a
//! model of commands alone most are understood to the word, but anything else becomes a heap of command words. Such a heap gives itself away: its words do not follow each other in
//! any command.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

const COMMANDS: &str = include_str!("commands.txt");
/// Before the first word and behind the last, as the ARPA format has them.
const BEGIN: &str = "<s>";
const END: &str = "</s>";
/// Shorter commands are understood without help, and too much else sounds like them.
const MIN_WORDS: usize = 3;
/// What every word may expect however rare it is.
const UNIFORM: f64 = 0.1;

/// Which word follows which, and how often.
#[derive(Debug)]
pub(super) struct Commands {
    /// How much each pair weighs: every line of the file weighs the same, however many sentences it stands for.
    pairs: BTreeMap<(&'static str, &'static str), f64>,
}

impl Commands {
    /// Those of the file.
    pub(super) fn load() -> Self {
        let lines: Vec<&'static str> = COMMANDS
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        let lists: Lists = lines
            .iter()
            .filter_map(|line| line.strip_prefix('@')?.split_once(':'))
            .map(|(name, entries)| (name, alternatives(entries).collect()))
            .collect();
        let mut pairs = BTreeMap::new();
        for line in lines.iter().filter(|line| !line.starts_with('@')) {
            for pattern in alternatives(line) {
                let pattern: Vec<&str> = pattern.split_whitespace().collect();
                let mut sentences = 0.0;
                expand(&pattern, &lists, &mut Vec::new(), &mut |_| sentences += 1.0);
                expand(&pattern, &lists, &mut Vec::new(), &mut |sentence| {
                    for pair in word_pairs(sentence.iter().copied()) {
                        *pairs.entry(pair).or_default() += 1.0 / sentences;
                    }
                });
            }
        }
        Self { pairs }
    }

    /// Whether these words are a command to the last one.
    pub(super) fn have(&self, words: &str) -> bool {
        words.split(' ').count() >= MIN_WORDS
            && word_pairs(words.split_whitespace()).all(|pair| self.pairs.contains_key(&pair))
    }

    /// The lines of a pronouncing dictionary (`word phone phone …`, variants as `word(2)`) that are needed.
    pub(super) fn dictionary(&self, whole: &str) -> String {
        let words: BTreeSet<&str> = self.pairs.keys().map(|(first, _)| *first).collect();
        let mut lines = String::new();
        for line in whole.lines() {
            let word = line.split_whitespace().next().unwrap_or_default();
            let word = word.split_once('(').map_or(word, |(word, _)| word);
            if words.contains(word) {
                lines.push_str(line);
                lines.push('\n');
            }
        }
        lines
    }

    /// The bigram model in the ARPA format, smoothed after Witten and Bell (1991), method C.
    pub(super) fn arpa(&self) -> String {
        let mut followers: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
        let mut words: BTreeMap<&str, f64> = BTreeMap::new();
        let mut total = 0.0;
        for ((first, second), weight) in &self.pairs {
            let (sum, kinds) = followers.entry(first).or_default();
            *sum += weight * SENTENCES_A_LINE;
            *kinds += 1;
            *words.entry(second).or_default() += weight;
            total += weight;
        }
        let uniform = UNIFORM / words.len() as f64;
        let alone = |word: &str| {
            let share = words.get(word).copied().unwrap_or_default() / total;
            (1.0 - UNIFORM) * share + uniform
        };
        // How far what was seen behind a word is to be believed.
        let trust = |word: &str| match followers.get(word) {
            Some((sum, kinds)) => sum / (sum + *kinds as f64),
            None => 0.0,
        };
        let mut arpa = format!(
            "\\data\\\nngram 1={}\nngram 2={}\n\n\\1-grams:\n",
            words.len() + 1,
            self.pairs.len()
        );
        let begin = (1.0 - trust(BEGIN)).log10();
        // Writing into a String cannot fail.
        let _ = writeln!(arpa, "-99 {BEGIN} {begin:.4}");
        for word in words.keys() {
            let (probability, back_off) = (alone(word).log10(), (1.0 - trust(word)).log10());
            let _ = writeln!(arpa, "{probability:.4} {word} {back_off:.4}");
        }
        arpa.push_str("\n\\2-grams:\n");
        for ((first, second), weight) in &self.pairs {
            let seen = weight * SENTENCES_A_LINE / followers.get(first).map_or(1.0, |f| f.0);
            let probability = trust(first) * seen + (1.0 - trust(first)) * alone(second);
            let _ = writeln!(arpa, "{:.4} {first} {second}", probability.log10());
        }
        arpa.push_str("\n\\end\\\n");
        arpa
    }
}

/// As if each pattern had been heard so many times; more trusts the patterns more.
const SENTENCES_A_LINE: f64 = 10.0;

fn alternatives(line: &str) -> impl Iterator<Item = &str> {
    line.split('|')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// What each `<name>` stands for.
type Lists = BTreeMap<&'static str, Vec<&'static str>>;

/// Every sentence that the rest of a pattern stands for, behind the words that are `said`.
fn expand(
    pattern: &[&'static str],
    lists: &Lists,
    said: &mut Vec<&'static str>,
    each: &mut dyn FnMut(&[&'static str]),
) {
    let Some((word, rest)) = pattern.split_first() else {
        return each(said);
    };
    let name = word.strip_prefix('<').and_then(|it| it.strip_suffix('>'));
    if let Some(entries) = name.and_then(|name| lists.get(name)) {
        for entry in entries {
            let pattern: Vec<_> = entry
                .split_whitespace()
                .chain(rest.iter().copied())
                .collect();
            expand(&pattern, lists, said, each);
        }
    } else {
        said.push(word);
        expand(rest, lists, said, each);
        said.pop();
    }
}

fn word_pairs<'a>(
    words: impl Iterator<Item = &'a str> + Clone,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let firsts = std::iter::once(BEGIN).chain(words.clone());
    let seconds = words.chain(std::iter::once(END));
    firsts.zip(seconds)
}

/// Every word of the file, for a look into the dictionary.
#[cfg(test)]
fn vocabulary(commands: &Commands) -> BTreeSet<&str> {
    let words = commands.pairs.keys().map(|(first, _)| *first);
    words.filter(|word| *word != BEGIN).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::DICTIONARY, Commands, vocabulary};
    use std::collections::BTreeSet;

    #[test]
    fn a_heap_of_command_words_is_no_command() {
        let commands = Commands::load();
        assert!(commands.have("what is on my calendar today"));
        assert!(commands.have("move my three pm meeting to four"));
        assert!(!commands.have("good email nina wait to james day send"));
        assert!(!commands.have("nine sunday tell mark"));
        assert!(!commands.have("no"), "too short to be sure");
        assert!(!commands.have(""));
    }

    #[test]
    fn every_word_can_be_pronounced() {
        let dictionary = std::fs::read_to_string(DICTIONARY).unwrap();
        let known: BTreeSet<&str> = dictionary
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let commands = Commands::load();
        let unknown: Vec<_> = vocabulary(&commands).difference(&known).copied().collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn a_dictionary_is_cut_down_to_the_commands() {
        let whole = "a AH\na(2) EY\nzebra Z IY\nagenda AH JH\nagendas AH\n";
        assert_eq!(
            Commands::load().dictionary(whole),
            "a AH\na(2) EY\nagenda AH JH\n"
        );
    }

    #[test]
    fn what_may_follow_a_word_adds_up_to_one() {
        let arpa = Commands::load().arpa();
        let (unigrams, bigrams) = arpa.split_once("\\2-grams:").unwrap();
        let after_cancel: f64 = bigrams
            .lines()
            .filter(|line| line.split(' ').nth(1) == Some("cancel"))
            .map(|line| 10_f64.powf(line.split(' ').next().unwrap().parse().unwrap()))
            .sum();
        assert!((0.5..1.0).contains(&after_cancel), "{after_cancel}");
        let all: f64 = unigrams
            .lines()
            .filter_map(|line| line.split(' ').next()?.parse().ok())
            .map(|log: f64| 10_f64.powf(log))
            .sum();
        assert!((all - 1.0).abs() < 0.01, "{all}");
    }
}
