"""What the first command gives, with no account anywhere: PocketSphinx, Flite and the rule-based assistant."""
from standins.caller import Caller
from test_room import join


async def test_the_calendar_question_is_understood_and_answered(http, offline_casp, speak):
    ticket = await join(http, offline_casp)
    caller = await Caller().join(ticket["url"], ticket["token"])
    try:
        await caller.wait(lambda: caller.agent_seen, "no agent came")
        await caller.wait_quiet()
        end = await caller.say(speak("What is on my calendar today?", 48000))
        await caller.wait_loud(end)
        await caller.wait_quiet(gap=1.5)
        await caller.wait(lambda: "calendar" in caller.said("user-1").lower() and "connect" in caller.said("agent").lower(), "not understood")
        answer = caller.said("agent").lower()
        assert "no calendar" in answer or "not connected" in answer or "no google calendar" in answer, answer
    finally:
        await caller.leave()
