//! The JSON that the rig's `measure.py` reads: the fields of `simlib.summarise`, and the gaps.

use crate::caller::Record;
use crate::clock::Clock;
use crate::script::Turn;
use serde_json::{Map, Value, json};

/// Five-number summary of what is there.
pub fn stats(values: impl IntoIterator<Item = Option<f64>>) -> Value {
    let mut sorted: Vec<f64> = values.into_iter().flatten().collect();
    if sorted.is_empty() {
        return json!({ "n": 0 });
    }
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let quantile = |share: f64| {
        let rank = (share * count as f64).ceil() as usize;
        round(sorted[rank.saturating_sub(1).min(count - 1)])
    };
    json!({
        "n": count, "min": round(sorted[0]), "p50": quantile(0.5), "p95": quantile(0.95),
        "max": round(sorted[count - 1]), "mean": round(sorted.iter().sum::<f64>() / count as f64),
    })
}

fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// The whole report. `extra` holds `sim`, `user_speech_s`, `wire`; `args` the settings, `turns` among
/// them.
pub fn summarise(
    clock: &Clock,
    records: &[Record],
    turns_wanted: usize,
    args: &Value,
    extra: Map<String, Value>,
) -> Value {
    let turns: Vec<&Turn> = records.iter().flat_map(|record| &record.turns).collect();
    let normal: Vec<&Turn> = turns
        .iter()
        .copied()
        .filter(|turn| !turn.is_barge)
        .collect();
    let answered: Vec<&Turn> = normal
        .iter()
        .copied()
        .filter(|t| t.agent_first.is_some() && !t.is_early())
        .collect();
    let spoke = stats(answered.iter().map(|turn| turn.agent_spoke));
    let done = || records.iter().filter(|record| record.ready_at.is_some());

    let mut out = extra;
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    put("sessions", json!(records.len()));
    put("sessions_ready", json!(done().count()));
    let errors = records
        .iter()
        .enumerate()
        .filter_map(|(n, record)| record.error.as_ref().map(|error| format!("{n}: {error}")));
    put("errors", json!(errors.collect::<Vec<_>>()));
    put("turns", json!(normal.len()));
    put(
        "no_answer",
        json!(
            normal
                .iter()
                .filter(|turn| turn.agent_first.is_none())
                .count()
        ),
    );
    put(
        "turns_not_reached",
        json!((records.len() * turns_wanted).saturating_sub(normal.len())),
    );
    put(
        "early",
        json!(normal.iter().filter(|turn| turn.is_early()).count()),
    );
    put(
        "response_delay_s",
        stats(answered.iter().map(|turn| turn.delay())),
    );
    put(
        "barge",
        barges(&turns, spoke["p50"].as_f64().unwrap_or(0.0)),
    );
    put("agent_spoke_s", spoke);
    gaps(&normal, &mut put);
    put(
        "join_s",
        stats(done().map(|record| record.join.map(|join| join.as_secs_f64()))),
    );
    put(
        "audio_ready_s",
        stats(done().map(|r| r.audio_ready.map(|ready| ready.as_secs_f64()))),
    );
    // The steady window for CPU accounting.
    let all_ready = done().filter_map(|record| record.ready_at).max();
    let first_done = done().filter_map(|record| record.done_at).min();
    put("t_all_ready", json!(all_ready.map(|at| clock.seconds(at))));
    put(
        "t_first_done",
        json!(first_done.map(|at| clock.seconds(at))),
    );
    put("args", args.clone());
    let per_session = records.iter().enumerate().map(|(index, record)| {
        json!({
            "index": index,
            "join": record.join.map(|join| join.as_secs_f64()),
            "audio_ready": record.audio_ready.map(|ready| ready.as_secs_f64()),
            "error": record.error,
            "turns": record.turns.iter().map(|turn| turn_json(clock, turn)).collect::<Vec<_>>(),
        })
    });
    put("per_session", Value::Array(per_session.collect()));
    Value::Object(out)
}

/// Silence at the ear inside answers.
fn gaps(normal: &[&Turn], put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    // Not `sum`: that of nothing is -0.0.
    let gaps_s = normal
        .iter()
        .map(|turn| turn.gaps.as_secs_f64())
        .fold(0.0, |a, b| a + b);
    let spoken_s = normal
        .iter()
        .filter_map(|turn| turn.agent_spoke)
        .fold(0.0, |a, b| a + b);
    let longest = normal
        .iter()
        .map(|turn| turn.longest_gap)
        .max()
        .unwrap_or_default();
    let per_minute = (spoken_s > 0.0).then(|| (gaps_s * 1_000.0 / (spoken_s / 60.0)).round());
    put("gaps_ms_per_min", json!(per_minute));
    put(
        "gaps",
        json!({
            "total_ms": (gaps_s * 1_000.0).round(),
            "longest_ms": longest.as_millis() as u64,
            "turns_with_gaps": normal.iter().filter(|turn| !turn.gaps.is_zero()).count(),
            "played_speech_s": round(spoken_s),
        }),
    );
}

fn barges(turns: &[&Turn], full_answer_s: f64) -> Value {
    let tried = turns.iter().filter(|turn| turn.is_barge).count();
    let heard: Vec<(f64, &Turn)> = turns
        .iter()
        .filter_map(|turn| Some((turn.barge_stop()?, *turn)))
        .collect();
    // One that was silent already when the user began says nothing; one that spoke (nearly) its whole
    // answer was not interrupted.
    let silent_before = heard.iter().filter(|(stop, _)| *stop < 0.0).count();
    let stopped: Vec<&(f64, &Turn)> = heard
        .iter()
        .filter(|(stop, turn)| {
            *stop >= 0.0
                && turn
                    .agent_spoke
                    .is_some_and(|spoke| spoke < full_answer_s - 0.25)
        })
        .collect();
    let answers = stopped
        .iter()
        .map(|(_, turn)| turn.barge.as_ref().and_then(|barge| barge.answer_delay));
    json!({
        "tried": tried, "stopped": stopped.len(), "silent_before": silent_before,
        "ran_to_the_end": heard.len() - stopped.len() - silent_before,
        "stop_s": stats(stopped.iter().map(|(stop, _)| Some(*stop))),
        "answer_delay_s": stats(answers),
    })
}

fn turn_json(clock: &Clock, turn: &Turn) -> Value {
    let seconds = |at| clock.seconds(at);
    let mut out = json!({
        "kind": if turn.is_barge { "barge" } else { "turn" },
        "t_user_start": seconds(turn.user.0), "t_user_end": seconds(turn.user.1),
        "answered": turn.agent_first.is_some(),
    });
    if let Some(first) = turn.agent_first {
        out["t_agent_first"] = json!(seconds(first));
        out["delay"] = json!(turn.delay());
        out["early"] = json!(turn.is_early());
        out["agent_spoke"] = json!(turn.agent_spoke);
        out["gaps_ms"] = json!(turn.gaps.as_millis() as u64);
    }
    if let Some(barge) = &turn.barge {
        out["t_barge"] = json!(seconds(barge.at));
        out["t_agent_stop"] = json!(barge.agent_stop.map(seconds));
        out["barge_stop"] = json!(turn.barge_stop());
        out["barge_answer_delay"] = json!(barge.answer_delay);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_rig() {
        // ceil(p n) - 1 of the sorted values.
        let values = [5.0, 1.0, 4.0, 2.0, 3.0].map(Some);
        let expected = json!({"n": 5, "min": 1.0, "p50": 3.0, "p95": 5.0, "max": 5.0, "mean": 3.0});
        assert_eq!(stats(values.into_iter().chain([None])), expected);
        assert_eq!(stats([None]), json!({"n": 0}));
    }
}
