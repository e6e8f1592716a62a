use super::{Said, Unclear};
use jiff::{Zoned, civil::date, tz::TimeZone};
use proptest::prelude::*;

/// A Wednesday, ten past ten in the morning.
fn now() -> Zoned {
    date(2026, 6, 3)
        .at(10, 10, 0, 0)
        .to_zoned(TimeZone::get("America/New_York").unwrap())
        .unwrap()
}

fn short(moment: &Zoned) -> String {
    moment.strftime("%m-%d %H:%M").to_string()
}

#[test]
fn moments_to_make_an_event() {
    for (said, expected) in [
        ("tomorrow at 6 PM", "06-04 18:00"),
        ("tomorrow at six p.m.", "06-04 18:00"),
        ("at 6", "06-03 18:00"),
        ("at eleven", "06-03 11:00"),
        ("at 9", "06-03 21:00"),
        ("9 am", "06-04 09:00"),
        ("tomorrow at 9", "06-04 09:00"),
        ("tomorrow morning at 9", "06-04 09:00"),
        ("tomorrow at 9 in the evening", "06-04 21:00"),
        ("tonight at 8", "06-03 20:00"),
        ("tonight at eight thirty", "06-03 20:30"),
        ("half past three", "06-03 15:30"),
        ("quarter to four", "06-03 15:45"),
        ("a quarter past 4 pm tomorrow", "06-04 16:15"),
        ("ten to five", "06-03 16:50"),
        ("five minutes past noon", "06-03 12:05"),
        ("six oh five this evening", "06-03 18:05"),
        ("3:30pm on Friday", "06-05 15:30"),
        ("Friday at 15:30", "06-05 15:30"),
        ("Wednesday at 4", "06-03 16:00"),
        ("coming monday at 10", "06-08 10:00"),
        ("Monday next week at 10", "06-08 10:00"),
        ("next Monday at ten", "06-08 10:00"),
        ("next tuesday at noon", "06-09 12:00"),
        ("the day after tomorrow at noon", "06-05 12:00"),
        ("June 5 at 2", "06-05 14:00"),
        ("June fifth at two thirty", "06-05 14:30"),
        ("the 5th of June at 14:00", "06-05 14:00"),
        ("on the twenty-first at 11", "06-21 11:00"),
        ("the 2nd at 11", "07-02 11:00"),
        ("May 1 2027 at 8 am", "05-01 08:00"),
        ("2026-06-09 at 8 am", "06-09 08:00"),
        ("2026-06-09T08:15:00", "06-09 08:15"),
        ("2026-06-09T08:15:00Z", "06-09 04:15"),
        ("in two hours", "06-03 12:10"),
        ("in half an hour", "06-03 10:40"),
        ("in an hour and a half", "06-03 11:40"),
        ("20 minutes from now", "06-03 10:30"),
        ("in three days at 4 pm", "06-06 16:00"),
        ("a week from Monday at 9 am", "06-15 09:00"),
        ("two weeks from now at noon", "06-17 12:00"),
        ("end of day tomorrow", "06-04 17:00"),
        ("first thing tomorrow", "06-04 09:00"),
        ("midnight tomorrow", "06-04 00:00"),
        ("from 2 to 4 tomorrow", "06-04 14:00"),
        ("tomorrow between 11 and 1", "06-04 11:00"),
        ("tomorrow 2-4pm", "06-04 14:00"),
        ("at 12", "06-03 12:00"),
        ("10:10", "06-03 10:10"),
    ] {
        let moment = Said::parse(said, &now()).and_then(|read| read.moment(&now()));
        assert_eq!(
            moment.as_ref().map(short).as_deref(),
            Ok(expected),
            "{said}"
        );
    }
}

#[test]
fn what_is_not_clear_is_asked() {
    for (said, question) in [
        ("tomorrow", "At what time on Thursday, June 4?"),
        ("next week", "On which day, and at what time?"),
        (
            "today at 9 am",
            "Wednesday, June 3 at 9 AM is in the past. Which time do you mean?",
        ),
        (
            "yesterday at noon",
            "Tuesday, June 2 at 12 PM is in the past. Which time do you mean?",
        ),
        (
            "next friday at noon",
            "Do you mean Friday, June 12 at 12 PM, or Friday, June 5 at 12 PM?",
        ),
        (
            "every Monday at 9",
            "I did not understand the time “every Monday at 9”. Which day and time do you mean?",
        ),
        (
            "",
            "I did not understand the time “”. Which day and time do you mean?",
        ),
        (
            "soon",
            "I did not understand the time “soon”. Which day and time do you mean?",
        ),
        (
            "31 June at 4",
            "I did not understand the time “31 June at 4”. Which day and time do you mean?",
        ),
        (
            "at 27",
            "I did not understand the time “at 27”. Which day and time do you mean?",
        ),
        (
            "at 3 at 4",
            "I did not understand the time “at 3 at 4”. Which day and time do you mean?",
        ),
        (
            "Monday Tuesday at 4",
            "I did not understand the time “Monday Tuesday at 4”. Which day and time do you mean?",
        ),
    ] {
        let unclear = Said::parse(said, &now())
            .and_then(|read| read.moment(&now()))
            .unwrap_err();
        assert_eq!(unclear.to_string(), question, "{said}");
    }
}

#[test]
fn spans_to_look_at_a_calendar() {
    for (said, from, to) in [
        ("today", "06-03 00:00", "06-04 00:00"),
        ("tomorrow", "06-04 00:00", "06-05 00:00"),
        ("tomorrow morning", "06-04 05:00", "06-04 12:00"),
        ("this afternoon", "06-03 12:00", "06-03 18:00"),
        ("tonight", "06-03 17:00", "06-04 00:00"),
        ("Friday evening", "06-05 17:00", "06-06 00:00"),
        ("this week", "06-03 00:00", "06-08 00:00"),
        ("next week", "06-08 00:00", "06-15 00:00"),
        ("this weekend", "06-06 00:00", "06-08 00:00"),
        ("next month", "07-01 00:00", "08-01 00:00"),
        ("the next 3 days", "06-03 00:00", "06-06 00:00"),
        ("tomorrow after 3", "06-04 15:00", "06-05 00:00"),
        ("tomorrow before noon", "06-04 00:00", "06-04 12:00"),
        ("tomorrow between 2 and 4", "06-04 14:00", "06-04 16:00"),
        ("from 11 to 1", "06-03 11:00", "06-03 13:00"),
        ("at 3 pm", "06-03 15:00", "06-03 16:00"),
        ("last monday", "06-01 00:00", "06-02 00:00"),
        ("yesterday", "06-02 00:00", "06-03 00:00"),
    ] {
        let (begin, end) = Said::parse(said, &now()).unwrap().span(&now());
        assert_eq!(
            (short(&begin).as_str(), short(&end).as_str()),
            (from, to),
            "{said}"
        );
    }
}

#[test]
fn an_event_moves_by_what_was_said_and_keeps_the_rest() {
    let meeting = date(2026, 6, 4)
        .at(15, 0, 0, 0)
        .to_zoned(now().time_zone().clone())
        .unwrap();
    for (said, expected) in [
        ("4", "06-04 16:00"),
        ("to 9", "06-04 09:00"),
        ("to 8", "06-04 20:00"),
        ("9 am", "06-04 09:00"),
        ("eleven", "06-04 11:00"),
        ("tomorrow", "06-04 15:00"),
        ("Friday", "06-05 15:00"),
        ("Friday at 10", "06-05 10:00"),
        ("half past five", "06-04 17:30"),
        ("half an hour later", "06-04 15:30"),
        ("2 hours earlier", "06-04 13:00"),
    ] {
        let moved = Said::parse(said.trim_start_matches("to "), &now())
            .and_then(|read| read.moved(&meeting, &now()));
        assert_eq!(moved.as_ref().map(short).as_deref(), Ok(expected), "{said}");
    }
}

#[test]
fn an_event_is_found_by_its_time() {
    let meeting = date(2026, 6, 4)
        .at(15, 0, 0, 0)
        .to_zoned(now().time_zone().clone())
        .unwrap();
    for (said, fits) in [
        ("3 PM", true),
        ("3", true),
        ("3 am", false),
        ("tomorrow", true),
        ("tomorrow at 3", true),
        ("tomorrow afternoon", true),
        ("tomorrow morning", false),
        ("today", false),
        ("Thursday", true),
        ("4", false),
        ("this week", true),
    ] {
        assert_eq!(
            Said::parse(said, &now()).unwrap().fits(&meeting, &now()),
            fits,
            "{said}"
        );
    }
}

#[test]
fn a_range_says_how_long_it_lasts() {
    for (said, minutes) in [
        ("from 2 to 4", Some(120)),
        ("11 to 1", Some(120)),
        ("2:30-3pm", Some(30)),
        ("at 2", None),
    ] {
        assert_eq!(
            Said::parse(said, &now()).unwrap().minutes(),
            minutes,
            "{said}"
        );
    }
}

#[test]
fn a_time_that_summer_time_leaves_out_is_an_hour_later() {
    let before = date(2026, 3, 7)
        .at(12, 0, 0, 0)
        .to_zoned(now().time_zone().clone())
        .unwrap();
    let moment = Said::parse("tomorrow at 2:30 am", &before)
        .unwrap()
        .moment(&before)
        .unwrap();
    assert_eq!(short(&moment), "03-08 03:30");
}

#[test]
fn the_speakers_zone_counts() {
    let kolkata = now().with_time_zone(TimeZone::get("Asia/Kolkata").unwrap());
    let moment = Said::parse("tomorrow at 6 PM", &kolkata)
        .unwrap()
        .moment(&kolkata)
        .unwrap();
    assert_eq!(moment.timestamp().to_string(), "2026-06-04T12:30:00Z");
}

proptest! {
    #[test]
    fn no_words_make_it_panic(text in "\\PC{0,80}") {
        if let Ok(said) = Said::parse(&text, &now()) {
            let _ = (said.moment(&now()), said.span(&now()), said.moved(&now(), &now()), said.minutes(), said.fits(&now(), &now()));
        }
    }

    #[test]
    fn nor_words_of_time(words in proptest::collection::vec(proptest::sample::select(vec![
        "in", "at", "to", "from", "between", "half", "past", "quarter", "next", "this", "friday", "june", "5th", "31",
        "9999", "noon", "pm", "am", "a", "an", "hour", "days", "months", "week", "tomorrow", "morning", "23:59", "and",
        "2026-12-31", "of", "twenty", "oh", "0", "after", "before", "weekend", "2024-02-30",
    ]), 0..8)) {
        if let Ok(said) = Said::parse(&words.join(" "), &now()) {
            let (from, to) = said.span(&now());
            let _ = (said.moment(&now()), said.moved(&now(), &now()), said.minutes(), said.fits(&now(), &now()));
            prop_assert!(from <= to);
        }
    }
}

#[test]
fn errors_are_one_of_the_named_kinds() {
    assert!(matches!(
        Said::parse("tomorrow", &now()).unwrap().moment(&now()),
        Err(Unclear::NeedsTime(_))
    ));
}
