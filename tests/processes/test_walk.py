"""The factory diagrams walked on the engine: every way an opinion can go (articles 9 to 12)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engine import bpmn
from tests.processes.factory import Case


def reported(**facts) -> Case:
    """A case that the street's organisation department has in its hands."""
    return Case(**facts).do("sign", decision="sign").do("report", decision="report")


def referred(**facts) -> Case:
    """A case a unit of the street has received."""
    return reported(**facts).do("review", decision="refer")


def rate(case: Case, agreed: bool = True) -> Case:
    assert case.open() == {"rating_reporter", "rating_delegate", "rating_department"}
    case.do("rating_delegate").do("rating_reporter").do("rating_department", agreed=agreed)
    return case if agreed else case.do("rating_consultation")


def accept(case: Case) -> Case:
    return case.do("answer", decision="answer").do("feedback_check", decision="accept")


def test_the_main_way_ends_rated_and_closed():
    case = rate(accept(referred()))
    assert case.run.ended
    assert case.run.end_events == ("closed",)
    assert [name for name in case.office.operations() if name != "feedback.copy"] == [
        "ledger.record", "case.report", "handling.open", "feedback.deliver", "handling.close", "rating.conclude", "case.close",
    ]  # fmt: skip
    copies = [arguments["to"] for name, arguments in case.office.called if name == "feedback.copy"]
    assert sorted(copies) == ["delegate", "reporter", "studio"]


def test_an_answer_on_the_spot_starts_no_limit():
    case = Case(settlement="on_the_spot").do("sign", decision="sign")
    assert case.run.ended
    assert case.run.end_events == ("answered_on_the_spot",)
    assert "case.report" not in case.office.operations()


def test_the_delegate_returns_the_form_and_signs_it_corrected():
    case = Case().do("sign", decision="return")
    assert case.open() == {"amend"}
    assert case.do("amend", decision="resubmit").open() == {"sign"}
    assert case.do("sign", decision="sign").open() == {"report"}


def test_the_studio_may_take_it_back_for_correction_before_reporting():
    case = Case().do("sign", decision="sign").do("report", decision="amend")
    assert case.open() == {"amend"}
    assert case.do("amend", decision="resubmit", settlement="on_the_spot").do("sign", decision="sign").run.ended


def test_a_void_form_ends_there():
    case = Case().do("sign", decision="return").do("amend", decision="void")
    assert case.run.end_events == ("voided",)
    assert case.office.operations()[-1] == "case.void"


def test_up_to_the_committee_and_back_to_a_city_department_in_one_instance():
    case = reported()
    for _ in ("street", "district", "city"):
        case.do("review", decision="escalate")
    assert case.open() == {"instruct"}
    case.do("instruct", decision="unit").do("review", decision="refer")
    assert case.office.operations().count("case.escalate") == 3
    assert rate(accept(case)).run.end_events == ("closed",)


@pytest.mark.parametrize("hops", [1, 2])
def test_a_higher_tier_refers_to_its_own_unit(hops):
    case = reported()
    for _ in range(hops):
        case.do("review", decision="escalate")
    assert rate(accept(case.do("review", decision="refer"))).run.end_events == ("closed",)


def test_the_committee_may_file_it():
    case = reported()
    for _ in range(3):
        case.do("review", decision="escalate")
    assert case.do("instruct", decision="file").run.end_events == ("filed",)


@pytest.mark.parametrize("hops", [0, 1, 2, 4])
def test_every_tier_may_terminate(hops):
    case = reported()
    for _ in range(min(hops, 3)):
        case.do("review", decision="escalate")
    if hops == 4:
        case.do("instruct", decision="department")
    case.run.send("terminate")
    assert case.run.ended
    assert case.run.end_events == ("terminated",)
    assert not case.run.timers()


def test_termination_reaches_a_case_that_is_being_handled():
    case = referred()
    case.run.send("terminate")
    assert case.run.end_events == ("terminated",)
    assert not case.run.timers()
    assert not case.run.tasks()


def test_a_declined_case_goes_back_and_may_be_referred_again():
    case = referred().do("answer", decision="decline")
    assert case.open() == {"review"}
    assert not [timer for timer in case.run.timers() if timer.element_id != "review_transit_target"]
    case.do("review", decision="refer")
    assert rate(accept(case)).run.end_events == ("closed",)
    assert case.office.operations().count("handling.open") == 2


def test_a_returned_answer_keeps_the_same_limit():
    case = referred()
    before = {timer.element_id: timer.due_at for timer in case.run.timers()}
    case.do("answer", decision="answer").do("feedback_check", decision="return")
    assert case.open() == {"answer"}
    assert {timer.element_id: timer.due_at for timer in case.run.timers()} == before
    assert case.office.operations()[-1] == "feedback.return"


def test_a_letter_before_the_answer_counts_as_given():
    case = referred()
    case.office.answers["feedback.copy"] = {"letter_needed": True}
    accept(case)
    assert case.open() == {"letter"}
    assert "handling.close" not in case.office.operations()
    assert rate(case.do("letter", letter_needed=False)).run.end_events == ("closed",)


def test_disagreement_asks_for_consultation():
    case = rate(accept(referred()), agreed=False)
    assert case.run.end_events == ("closed",)
    assert case.office.operations()[-2:] == ["rating.conclude", "case.close"]


# ------------------------------------------------------------------ times of article 11 and the ladder


def midnight(day: date) -> datetime:
    """24:00 of the day in Shenzhen."""
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC)


def test_the_timers_of_a_handling():
    received = date(2026, 3, 2)
    due = {timer.element_id: timer.due_at for timer in referred().run.timers()}
    assert due == {
        "first_reminder_due": datetime(2026, 3, 9, 9, tzinfo=UTC),
        "second_reminder_due": datetime(2026, 3, 11, 9, tzinfo=UTC),
        "limit": midnight(received + timedelta(days=10)),
        "overdue_5": midnight(received + timedelta(days=15)),
        "overdue_10": midnight(received + timedelta(days=20)),
        "sign_due": midnight(received + timedelta(days=1)),
    }


def test_reminders_name_their_day_and_leave_the_task_open():
    case = referred().wait_for("first_reminder_due").wait_for("second_reminder_due")
    reminded = [arguments["days_before"] for name, arguments in case.office.called if name == "supervision.remind"]
    assert reminded == [3, 1]
    assert case.open() == {"answer"}


def test_the_ladder_rises_once_each_and_an_answer_ends_it():
    case = referred()
    for step in ("limit", "overdue_5", "overdue_10"):
        case.wait_for(step)
    steps = [arguments["step"] for name, arguments in case.office.called if name == "supervision.raise"]
    assert steps == [0, 1, 2]
    assert case.open() == {"answer", "limit_supervise", "overdue_5_supervise", "overdue_10_supervise"}
    assert case.do("limit_supervise").open() == {"answer", "overdue_5_supervise", "overdue_10_supervise"}
    assert case.do("answer", decision="answer").open() == {"feedback_check"}


def test_consent_moves_every_waiting_timer_to_thirty_days_from_the_same_receipt():
    case = referred()
    case.run.send("extension_requested")
    assert case.open() == {"answer", "extension_consent"}
    case.do("extension_consent", decision="consent")
    case.office.facts["extended"] = True
    case.run.recompute()
    due = {timer.element_id: timer.due_at for timer in case.run.timers()}
    assert due["limit"] == midnight(date(2026, 4, 1))
    assert due["first_reminder_due"] == datetime(2026, 3, 29, 9, tzinfo=UTC)
    assert due["overdue_10"] == midnight(date(2026, 4, 11))


def test_refusal_and_silence_change_nothing():
    case = referred()
    before = [timer.due_at for timer in case.run.timers()]
    case.run.send("extension_requested")
    case.do("extension_consent", decision="refuse")
    assert [timer.due_at for timer in case.run.timers()] == before
    case.run.send("extension_requested")  # a second request still finds its event
    assert case.do("answer", decision="answer").open() == {"feedback_check"}


def test_a_slow_department_is_reminded_only():
    case = reported().wait_for("review_transit_target")
    assert case.office.operations()[-1] == "supervision.transit_late"
    assert case.open() == {"review"}


def test_a_timer_does_not_fire_early():
    case = referred()
    (limit,) = [timer for timer in case.run.timers() if timer.element_id == "limit"]
    case.office.moment = limit.due_at - timedelta(seconds=1)
    with pytest.raises(bpmn.NotDue):
        case.run.fire(limit.token)
