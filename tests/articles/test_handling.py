"""第十一条 反馈制度 (R59–R68, R75, R107–R109): receipt and plan, 10 days and 30 with consent, the written answer to the
department of the same tier, its copies, and what may go wrong with each.

The timers, the ladder and what a late sweep does are in tests/engine/test_limits.py.
"""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import casefile, clock, definitions, desk, instances, outbox, tasks
from engine.casefile.tracked import Tracked
from engine.cases.models import Case, CaseDelegate
from engine.catalogue.act import Act
from engine.config import ROOT
from engine.errors import Conflict, Forbidden, Invalid, LianxinError, NotFound
from engine.feedback.models import Copy, Feedback
from engine.handlings.models import Extension, Handling
from engine.notices.delivery import Later, Message, Refused, Unsure
from engine.notices.models import Notice
from engine.organisation.models import Placement
from engine.printing import papers
from engine.printing.annex2 import annex2
from engine.work.models import Deadline, History, Task
from tests import factories
from tests.people import SINCE, Cast
from web.words import STATES

ANSWER = factories.STEPS["answered"][2]
REQUEST = {"reason": "涉及跨街道管线迁改，需要联合踏勘。", "work_done": "已完成现场勘查。"}
CALL = {"decision": "consent", "called_on": "2026-02-13", "call_note": "10:20 致电戴代表，代表表示同意延期。"}
Clock = Callable[[str], object]


def answered(session: Session, cast: Cast, **changes: str) -> Case:
    case = factories.handled(session, cast, **changes)
    factories.step(session, cast, case, "answered")
    return case


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Engine:
    """SQLite; with `both` the test runs on PostgreSQL too."""
    found: Engine = request.getfixturevalue(getattr(request, "param", "sqlite"))
    return found


both = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def tick(session: Session, cast: Cast, case: Case, name: str, who: str = "street_clerk") -> Tracked:
    """One of the four tracked items as this person's page of the case shows it."""
    return next(row for row in casefile.load(session, cast.actor(who), case.id).tracked if row.name == name)


def claimed(session: Session, cast: Cast, case: Case) -> Task:
    """The answer task, signed for by the unit's clerk."""
    return tasks.claim(session, cast.actor("unit_clerk"), factories.open_task(session, case, "answer").id)


def fire(session: Session, case: Case) -> None:
    """Everything that is due now, as the sweep does it (tests/engine/test_sweep.py tries the sweep itself)."""
    session.flush()
    due = select(Deadline).where(Deadline.case_id == case.id, Deadline.due_at <= clock.now()).order_by(Deadline.due_at)
    while (row := session.scalars(due.limit(1)).first()) is not None:
        instance = instances.locked(session, row.instance_id)
        instances.fire(session, instance, row, Act(session, case, instance.id))
        session.flush()
        session.expire_all()


def acts(session: Session, case: Case, *wanted: str) -> list[str]:
    """The acts of the history, those asked for."""
    session.flush()
    rows = session.scalars(select(History.act).where(History.case_id == case.id).order_by(History.id))
    return [act for act in rows if act in wanted]


def told(session: Session, kind: str) -> list[tuple[int | None, str, int | None]]:
    """(organisation, duty, person) of every notice of this kind."""
    session.flush()
    rows = session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id))
    return [(row.organisation_id, row.duty, row.person_id) for row in rows]


def requested(session: Session, cast: Cast, **changes: str) -> Case:
    """A case whose unit has just asked for more time."""
    case = factories.handled(session, cast, **changes)
    tasks.request_extension(session, cast.actor("unit_clerk"), claimed(session, cast, case).id, REQUEST)
    return case


def due_on(session: Session, case: Case) -> date | None:
    return factories.open_task(session, case, "answer").due_on


def copies(session: Session, case: Case) -> dict[str, tuple[str, str]]:
    """Addressee → (channel, state)."""
    rows = session.scalars(select(Copy).where(Copy.case_id == case.id))
    return {row.addressee: (row.channel, row.state) for row in rows}


def test_r59_the_limit_counts_from_receipt_not_from_the_sign_for(session: Session, cast: Cast, at: Clock) -> None:
    """「应自收到来文之日起，在10个工作日内答复」: the day of receipt is day 0; signing for it later gains nothing (A3)."""
    case = factories.handled(session, cast)
    at("2026-02-25 10:00")
    task = factories.open_task(session, case, "answer")
    tasks.claim(session, cast.actor("unit_clerk"), task.id)
    handling = session.scalars(select(Handling)).one()
    assert (handling.received_on, task.due_on) == (date(2026, 2, 13), date(2026, 3, 5))
    assert handling.signed_at is not None


def test_r65_only_the_unit_in_charge_answers(session: Session, cast: Cast) -> None:
    """「谁主管、谁反馈」: no department, head office or other unit writes in its name (R65)."""
    case = factories.handled(session, cast)
    task = factories.open_task(session, case, "answer")
    for who in ("street_clerk", "street_head", "school_clerk", "city_unit_clerk", "liaison", "delegate"):
        with pytest.raises(LianxinError), session.begin_nested():
            tasks.claim(session, cast.actor(who), task.id)
        with pytest.raises(LianxinError), session.begin_nested():
            tasks.complete(session, cast.actor(who), task.id, ANSWER)
    factories.step(session, cast, case, "answered")
    feedback = session.scalars(select(Feedback)).one()
    assert (feedback.author_id, feedback.text) == (cast.id("unit_clerk"), ANSWER["text"])


@pytest.mark.parametrize("tier", ["street", "district"])
def test_r66_the_unit_reports_to_the_department_of_its_own_tier(session: Session, cast: Cast, tier: str) -> None:
    """「由相关承办单位向同级组织部门书面反馈」"""
    case = factories.registered(session, cast)
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    if tier == "district":
        factories.act(session, cast, case, "street_clerk", "tier_review", decision="escalate", basis="超出权限")
    factories.refer(session, cast, case, f"{tier}_unit", f"{tier}_clerk")
    who = {"street": "unit_clerk", "district": "district_unit_clerk"}[tier]
    factories.act(session, cast, case, who, "answer", **ANSWER)
    check = factories.open_task(session, case, "feedback_check")
    assert check.organisation_id == cast.department(tier).id
    told = session.scalars(select(Notice.organisation_id).where(Notice.kind == "feedback_delivered")).all()
    assert told == [cast.department(tier).id]


def test_r66_one_main_delivery_and_three_copies(session: Session, cast: Cast) -> None:
    """「同时抄送反映人、市党代表和党代表工作室」「谁提出、反馈谁」"""
    case = answered(session, cast)
    assert copies(session, case) == {}  # not before the department has accepted it
    factories.step(session, cast, case, "accepted")
    assert copies(session, case) == {
        "department": ("main", "delivered"), "reporter": ("sms", "pending"), "delegate": ("inbox", "delivered"),
        "studio": ("inbox", "delivered"),
    }  # fmt: skip
    main = session.scalars(select(Copy).where(Copy.channel == "main")).one()
    feedback = session.scalars(select(Feedback)).one()
    assert (main.organisation_id, main.delivered_at) == (cast.department("street").id, feedback.delivered_at)
    assert session.scalars(select(Notice.address).where(Notice.kind == "feedback_copy_reporter")).one() == "13800001234"


def test_r66_a_reporter_without_mobile_phone_gets_paper(session: Session, cast: Cast) -> None:
    """The case goes on only when the studio has said how the letter was delivered (R66)."""
    case = answered(session, cast, reporter_phone="0755-25550000")
    factories.step(session, cast, case, "accepted")
    assert copies(session, case)["reporter"] == ("letter", "pending")
    assert set(session.scalars(select(Task.role).where(Task.case_id == case.id))) == {"letter"}
    assert (case.state, STATES[case.state]) == ("delivering", "待反馈")  # not 已反馈 before the letter was brought
    factories.act(
        session, cast, case, "liaison", "letter", method="in_person", delivered_on="2026-02-13", proof="陈某某签收"
    )
    assert copies(session, case)["reporter"] == ("letter", "delivered")
    assert "rating_reporter" in set(session.scalars(select(Task.role).where(Task.case_id == case.id)))


def test_r68_an_answer_that_is_none_goes_back_and_the_clock_was_never_stopped(
    session: Session, cast: Cast, at: Clock
) -> None:
    """Submitted on day 8, returned on day 9, answered on day 11: late by one (R68, A5)."""
    case = factories.handled(session, cast)
    at("2026-03-03 10:00")
    factories.step(session, cast, case, "answered")
    at("2026-03-04 10:00")
    factories.act(session, cast, case, "street_clerk", "feedback_check", decision="return", opinion="未回应诉求。")
    assert factories.open_task(session, case, "answer").due_on == date(2026, 3, 5)
    at("2026-03-06 10:00")
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    states = session.scalars(select(Feedback.state).order_by(Feedback.id)).all()
    assert states == ["returned", "accepted"]
    handling = session.scalars(select(Handling)).one()
    assert handling.first_due_on == date(2026, 3, 5)
    assert handling.answered_at is not None
    assert clock.local(handling.answered_at).date() == date(2026, 3, 6)
    assert tick(session, cast, case, "办理时限").value == "逾期1个工作日答复"
    page = annex2(session, cast.actor("liaison"), case.id)
    assert page.answered_on == date(2026, 3, 6)  # R108: the second date, not that of the answer that was none


@both
def test_r59_the_unit_registers_its_own_number_and_names_the_person(session: Session, cast: Cast, at: Clock) -> None:
    """「应及时登记并办理」: 收文 number and date of the unit's own register, and who handles it."""
    case = factories.handled(session, cast)
    task = claimed(session, cast, case)
    form = {"number": "", "received_on": "2026-02-13", "handler_id": str(cast.id("unit_head"))}
    tasks.register_receipt(session, cast.actor("unit_clerk"), task.id, form)
    handling = session.scalars(select(Handling)).one()
    assert (handling.receipt_number, handling.receipt_on) == ("沙头角城管收〔2026〕1号", date(2026, 2, 13))
    assert tick(session, cast, case, "办理人员").value == "程科长"
    assert acts(session, case, "receipt_registered") == ["receipt_registered"]
    tasks.register_receipt(session, cast.actor("unit_clerk"), task.id, form | {"number": "沙城管收 88"})
    assert (handling.receipt_number, due_on(session, case)) == ("沙城管收 88", date(2026, 3, 5))
    for wrong in ({"received_on": "2026-02-12"}, {"handler_id": str(cast.id("school_clerk"))}):
        with pytest.raises(Invalid), session.begin_nested():
            tasks.register_receipt(session, cast.actor("unit_clerk"), task.id, form | wrong)
    for who in ("street_clerk", "school_clerk", "liaison", "delegate"):
        with pytest.raises(LianxinError), session.begin_nested():
            tasks.register_receipt(session, cast.actor(who), task.id, form)


@pytest.mark.parametrize("signed", [False, True])
def test_r59_unsigned_after_one_working_day_the_head_is_told_and_the_clock_runs(
    session: Session, cast: Cast, at: Clock, signed: bool
) -> None:
    case = factories.handled(session, cast)
    if signed:
        claimed(session, cast, case)
    at("2026-02-14 10:00")  # the first working day, a make-up Saturday, has not ended
    fire(session, case)
    assert told(session, "sign_late") == []
    at("2026-02-24 00:00")
    fire(session, case)
    head = [] if signed else [(cast.unit("street").id, "head", None)]
    assert told(session, "sign_late") == head
    assert due_on(session, case) == date(2026, 3, 5)


def test_r75_plan_and_person_within_three_working_days_else_yellow(session: Session, cast: Cast, at: Clock) -> None:
    """Four ticks with their times for street, district, city and studio."""
    case = factories.handled(session, cast)
    at("2026-02-26 09:00")  # four working days after the receipt
    fire(session, case)
    assert [tick(session, cast, case, name).late for name in ("办理方案", "办理人员")] == [True, True]
    department = cast.department("street").id
    assert told(session, "plan_late") == [(cast.unit("street").id, "", None), (department, "", None)]
    form = {"plan": "本周联合踏勘，三月底前加装密闭设施。", "handler_id": str(cast.id("unit_clerk"))}
    tasks.file_plan(session, cast.actor("unit_clerk"), claimed(session, cast, case).id, form)
    factories.step(session, cast, case, "answered")
    for who in ("street_clerk", "district_clerk", "city_clerk", "liaison"):
        found = {row.name: row for row in casefile.load(session, cast.actor(who), case.id).tracked}
        assert list(found) == ["办理方案", "办理人员", "办理时限", "办理结果"]
        assert all(row.there and not row.late and row.at is not None for row in found.values())
        assert (found["办理方案"].value, found["办理人员"].value) == (form["plan"], "陈城管")


def test_r60_ten_working_days_from_the_receipt(session: Session, cast: Cast, at: Clock) -> None:
    """Every receipt date 2010–2026 is tried in tests/engine/test_calendar.py; here through a real referral. Friday,
    Saturday and Sunday are due together, a make-up Saturday counts for itself."""
    for received, due in (("2026-02-13", "2026-03-05"), ("2026-02-14", "2026-03-06"), ("2026-03-06", "2026-03-20"),
                          ("2026-03-07", "2026-03-20"), ("2026-03-08", "2026-03-20")):  # fmt: skip
        at(f"{received} 10:00")
        changed = {"reflected_on": "2026-02-02"}
        assert str(due_on(session, factories.handled(session, cast, **changed))) == due, received


def test_r61_thirty_working_days_from_the_same_receipt(session: Session, cast: Cast, at: Clock) -> None:
    """Received 02-13, consent on 03-03: 04-02, not thirty more after 03-05."""
    case = requested(session, cast)
    at("2026-03-03 09:30")
    factories.act(session, cast, case, "delegate", "extension_consent", decision="consent")
    assert due_on(session, case) == date(2026, 4, 2)


def test_r62_silence_is_no_late_consent_is_recorded_and_there_is_no_second_extension(
    session: Session, cast: Cast, at: Clock
) -> None:
    case = factories.handled(session, cast)
    task = claimed(session, cast, case)
    with pytest.raises(Invalid), session.begin_nested():  # 「遇特殊情况」: without the reason no request
        tasks.request_extension(session, cast.actor("unit_clerk"), task.id, REQUEST | {"reason": ""})
    at("2026-03-04 15:00")
    tasks.request_extension(session, cast.actor("unit_clerk"), task.id, REQUEST)
    at("2026-03-06 00:00")
    fire(session, case)
    assert (due_on(session, case), acts(session, case, "overdue")) == (date(2026, 3, 5), ["overdue"])
    at("2026-03-06 09:00")
    factories.act(session, cast, case, "delegate", "extension_consent", decision="consent")
    extension = session.scalars(select(Extension)).one()
    assert (extension.late, due_on(session, case)) == (True, date(2026, 4, 2))
    assert acts(session, case, "extension_consented_late") == ["extension_consented_late"]
    file = casefile.load(session, cast.actor("unit_clerk"), case.id)
    assert file.limit is not None
    assert (file.overdue, file.limit.due_on) == (True, date(2026, 4, 2)), "flagged, and due on the day consented to"
    assert session.scalars(select(Handling.first_due_on)).one() == date(2026, 3, 5)  # what overdue is derived from
    with pytest.raises(Conflict, match="第十一条"):
        tasks.request_extension(session, cast.actor("unit_clerk"), task.id, REQUEST)


def test_r63_only_the_delegate_who_signed_consents(session: Session, cast: Cast) -> None:
    """403 for who sees the case, 404 for who does not (§0): unit, street, administrator, another delegate."""
    case = requested(session, cast)
    task = factories.open_task(session, case, "extension_consent")
    refused = {"unit_clerk": Forbidden, "unit_head": Forbidden, "street_head": Forbidden, "city_head": Forbidden,
               "liaison": Forbidden, "system_administrator": Forbidden, "other_delegate": NotFound}  # fmt: skip
    for who, refusal in refused.items():
        with pytest.raises(refusal), session.begin_nested():
            tasks.complete(session, cast.actor(who), task.id, {"decision": "consent"})
    assert due_on(session, case) == date(2026, 3, 5)


def test_r63_by_telephone_the_studio_records_and_the_delegate_confirms(session: Session, cast: Cast) -> None:
    case = requested(session, cast)
    for who in ("unit_clerk", "street_clerk", "next_liaison", "system_administrator", "delegate"):
        with pytest.raises(LianxinError), session.begin_nested():
            tasks.record_consent(session, cast.actor(who), case.id, CALL)
    with pytest.raises(Invalid), session.begin_nested():
        tasks.record_consent(session, cast.actor("liaison"), case.id, CALL | {"call_note": ""})
    tasks.record_consent(session, cast.actor("liaison"), case.id, CALL)
    extension = session.scalars(select(Extension)).one()
    assert (extension.decision, extension.unconfirmed, extension.recorded_by_id) == (
        "consented", True, cast.id("liaison"),
    )  # fmt: skip
    assert "10:20 致电戴代表" in extension.call_note
    assert due_on(session, case) == date(2026, 4, 2)
    assert told(session, "extension_phone") == [(None, "", cast.id("delegate"))]
    with pytest.raises(LianxinError), session.begin_nested():
        tasks.confirm_consent(session, cast.actor("liaison"), case.id, {"decision": "confirm"})
    tasks.confirm_consent(session, cast.actor("delegate"), case.id, {"decision": "confirm"})
    assert (extension.unconfirmed, extension.decided_by_id) == (False, cast.id("delegate"))
    with pytest.raises(Conflict):
        tasks.confirm_consent(session, cast.actor("delegate"), case.id, {"decision": "deny", "opinion": "不属实。"})


@both
def test_r63_a_denied_call_is_void_and_the_limit_goes_back(session: Session, cast: Cast, at: Clock) -> None:
    case = requested(session, cast)
    tasks.record_consent(session, cast.actor("liaison"), case.id, CALL)
    at("2026-03-02 09:00")
    tasks.confirm_consent(session, cast.actor("delegate"), case.id, {"decision": "deny", "opinion": "没有接到电话。"})
    session.flush()
    session.expire_all()
    extension = session.scalars(select(Extension)).one()
    assert (extension.decision, session.scalars(select(Handling.extended)).one()) == ("denied", False)
    assert due_on(session, case) == date(2026, 3, 5)
    limit = session.scalars(select(Deadline).where(Deadline.role == "limit")).one()
    assert clock.local(limit.due_at).isoformat() == "2026-03-06T00:00:00+08:00"
    assert (cast.department("street").id, "", None) in told(session, "extension_denied")
    tasks.request_extension(
        session, cast.actor("unit_clerk"), factories.open_task(session, case, "answer").id, REQUEST
    )  # what was void may be asked again


def cosigned(session: Session, cast: Cast) -> Case:
    """A case whose form a second delegate of the community signed too."""
    place = cast.places["沙头角社区"]
    session.add(Placement(delegate_id=cast.delegates["other_delegate"].id, community_id=place.id, starts_on=SINCE))
    session.flush()
    case = factories.registered(session, cast)
    other = str(cast.delegates["other_delegate"].id)
    with pytest.raises(LianxinError), session.begin_nested():
        tasks.add_cosigner(session, cast.actor("street_clerk"), case.id, {"delegate_id": other})
    tasks.add_cosigner(session, cast.actor("liaison"), case.id, {"delegate_id": other})
    for name in ("signed", "reported", "referred"):
        factories.step(session, cast, case, name)
    with pytest.raises(Conflict):  # the form has left the studio
        tasks.add_cosigner(session, cast.actor("liaison"), case.id, {"delegate_id": other})
    tasks.request_extension(session, cast.actor("unit_clerk"), claimed(session, cast, case).id, REQUEST)
    return case


@pytest.mark.parametrize(("settled", "due"), [("extend", date(2026, 4, 2)), ("keep", date(2026, 3, 5))])
def test_r64_a_cosigners_objection_goes_to_the_department_before_anything_is_extended(
    session: Session, cast: Cast, settled: str, due: date
) -> None:
    """Lead yes + co no → 意见不一致 at the organisation department, no extension until resolved."""
    case = cosigned(session, cast)
    assert told(session, "cosign_asked") == [(None, "", cast.id("other_delegate"))]
    assert casefile.load(session, cast.actor("other_delegate"), case.id).case.id == case.id
    with pytest.raises(LianxinError), session.begin_nested():  # the lead decides, nobody else
        factories.act(session, cast, case, "other_delegate", "extension_consent", decision="consent")
    with pytest.raises(LianxinError), session.begin_nested():
        tasks.cosigner_view(session, cast.actor("second_street_delegate"), case.id, {"decision": "agree"})
    with pytest.raises(Invalid), session.begin_nested():  # in writing
        tasks.cosigner_view(session, cast.actor("other_delegate"), case.id, {"decision": "object"})
    objection = {"decision": "object", "reason": "事情不复杂，十日足够。"}
    tasks.cosigner_view(session, cast.actor("other_delegate"), case.id, objection)
    factories.act(session, cast, case, "delegate", "extension_consent", decision="consent")
    dispute = factories.open_task(session, case, "extension_dispute")
    assert (dispute.name, dispute.organisation_id) == ("代表意见不一致", cast.department("street").id)
    assert due_on(session, case) == date(2026, 3, 5)
    answer = factories.open_task(session, case, "answer")
    with pytest.raises(Conflict), session.begin_nested():
        tasks.request_extension(session, cast.actor("unit_clerk"), answer.id, REQUEST)
    factories.act(
        session, cast, case, "street_colleague", "extension_dispute", decision=settled, opinion="已与两位代表协商。"
    )
    assert due_on(session, case) == due
    assert [row.case_id for row in desk.inbox(session, cast.actor("street_colleague"), "done").rows] == [case.id]
    assert session.scalars(select(Extension)).one().settlement == "已与两位代表协商。"


def test_r64_without_objection_the_leading_delegate_decides(session: Session, cast: Cast) -> None:
    case = cosigned(session, cast)
    tasks.cosigner_view(session, cast.actor("other_delegate"), case.id, {"decision": "agree"})
    factories.act(session, cast, case, "delegate", "extension_consent", decision="consent")
    assert due_on(session, case) == date(2026, 4, 2)


@both
def test_r64_a_delegate_out_of_office_is_replaced_and_his_open_tasks_pass_on(
    session: Session, cast: Cast, at: Clock
) -> None:
    case = requested(session, cast)
    place = cast.places["沙头角社区"]
    session.add(Placement(delegate_id=cast.delegates["other_delegate"].id, community_id=place.id, starts_on=SINCE))
    session.flush()
    form = {"delegate_id": str(cast.delegates["other_delegate"].id), "reason": "任期届满。"}
    with pytest.raises(Conflict):  # in office: nobody takes his place
        tasks.replace_delegate(session, cast.actor("district_clerk"), case.id, form)
    cast.delegates["delegate"].ends_on = date(2026, 2, 12)
    at("2026-03-03 10:00")
    for who in ("street_clerk", "liaison", "unit_clerk", "far_clerk"):
        with pytest.raises(LianxinError), session.begin_nested():
            tasks.replace_delegate(session, cast.actor(who), case.id, form)
    tasks.replace_delegate(session, cast.actor("district_clerk"), case.id, form)
    session.flush()
    session.expire_all()
    assert factories.open_task(session, case, "extension_consent").person_id == cast.id("other_delegate")
    former = session.scalars(select(CaseDelegate)).one()
    assert (former.name, former.role, former.reason) == ("戴代表", "former", "任期届满。")
    assert case.delegate_name == "戴代表"  # as it was signed
    assert casefile.load(session, cast.actor("liaison"), case.id).delegate_now == "邓代表"
    factories.act(session, cast, case, "other_delegate", "extension_consent", decision="consent")
    assert due_on(session, case) == date(2026, 4, 2)
    factories.step(session, cast, case, "answered")
    assert "已送邓代表：市党代表评价" in factories.step(session, cast, case, "accepted").next
    liaison, request, answer = (
        cast.actor("liaison"),
        session.scalars(select(Extension)).one(),
        session.scalars(select(Feedback)).one(),
    )
    asked = "".join(papers.paper(session, liaison, "extension", request.id).sheets)
    assert "戴代表代表" in asked  # whom the unit asked
    assert "签名：邓代表" in asked  # who decided
    letter = "".join(papers.paper(session, liaison, "answer", answer.id).sheets)
    assert "通过市党代表戴代表反映" in letter  # who signed the form
    assert "市党代表邓代表，" in letter  # who gets the copy
    decided = session.scalars(select(Notice.body).where(Notice.kind == "extension_decided")).first() or ""
    assert "市党代表邓代表已答复" in decided


def test_r65_the_addressees_are_computed_and_cannot_be_emptied(session: Session, cast: Cast) -> None:
    """「谁提出、反馈谁」: no field of the answer names them, and a diagram that leaves one out is refused."""
    case = factories.handled(session, cast)
    factories.act(session, cast, case, "unit_clerk", "answer", **ANSWER, copies="", addressees="")
    factories.step(session, cast, case, "accepted")
    assert set(copies(session, case)) == {"department", "reporter", "delegate", "studio"}
    files = definitions.read_folder(ROOT / "processes" / "opinion")
    for party in ("reporter", "delegate", "studio"):
        changed = {name: data.replace(f"\"'{party}'\"".encode(), b"\"'nobody'\"") for name, data in files.items()}
        assert "article.11.copy" in {finding.code for finding in definitions.check("opinion", changed)}, party


class Gateway:
    """A gateway that answers every message alike: with this problem, or with a receipt."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem

    def send(self, message: Message) -> str:
        if self.problem is not None:
            raise self.problem
        return "平台回执1"


@both
def test_r66_a_copy_on_its_way_holds_the_case_back(session: Session, cast: Cast, at: Clock) -> None:
    """「case cannot become 已反馈 until … each copy delivered or failure recorded」: queued, tried again and of uncertain
    fate are neither; a receipt, a person's word or the reporter's own grade for the answer is delivery."""

    def sent(problem: Exception | None, case: Case) -> tuple[str, str, str]:
        outbox.send_due(lambda: nullcontext(session), {"sms": Gateway(problem)})
        query = select(Notice).where(Notice.case_id == case.id, Notice.kind == "feedback_copy_reporter")
        notice = session.scalars(query).one()
        return notice.state, copies(session, case)["reporter"][1], case.state

    at("2026-03-02 09:00")
    case = answered(session, cast)
    factories.step(session, cast, case, "accepted")
    session.flush()
    assert (case.state, STATES[case.state], case.undelivered) == ("delivering", "待反馈", 1)
    assert sent(Later("平台忙"), case) == ("pending", "pending", "delivering")
    at("2026-03-02 09:05")
    assert sent(Unsure("没有回音"), case) == ("uncertain", "pending", "delivering")
    (notice,) = [row for row in outbox.uncertain(session) if row.kind == "feedback_copy_reporter"]
    outbox.decide(session, notice.id, arrived=False, remark="平台没有收到")
    assert sent(None, case) == ("sent", "delivered", "awaiting_rating")
    other = answered(session, cast)
    factories.step(session, cast, other, "accepted")
    factories.step(session, cast, other, "rated_by_delegate")
    assert other.state == "delivering"
    factories.step(session, cast, other, "rated_by_reporter")
    assert (other.state, copies(session, other)["reporter"][1]) == ("awaiting_rating", "delivered")


@both
def test_r66_a_failed_copy_needs_a_next_step_before_the_case_counts_as_answered(session: Session, cast: Cast) -> None:
    """The gateway refuses the number: 待反馈 again, the studio is told; reason and next step, later the proof."""
    case = answered(session, cast)
    factories.step(session, cast, case, "accepted")
    session.flush()
    copy = session.scalars(select(Copy).where(Copy.addressee == "reporter")).one()
    outbox.send_due(lambda: nullcontext(session), {"sms": Gateway(Refused("号码停机"))})
    assert (copy.state, copy.failure, STATES[case.state]) == ("failed", "号码停机", "待反馈")
    assert (cast.studio.id, "", None) in told(session, "copy_failed")
    for name in ("rated_by_reporter", "rated_by_delegate"):
        factories.step(session, cast, case, name)
    with pytest.raises(Invalid, match="没有登记下一步措施"), session.begin_nested():  # and it cannot be closed
        factories.step(session, cast, case, "rated_by_department")
    for who in ("unit_clerk", "delegate", "next_liaison"):
        with pytest.raises(LianxinError), session.begin_nested():
            tasks.undelivered(session, cast.actor(who), copy.id)
    failed = {"outcome": "failed", "failure": "号码停机", "next_step": "改送纸质答复"}
    with pytest.raises(Invalid), session.begin_nested():
        tasks.record_delivery(session, cast.actor("liaison"), copy.id, failed | {"next_step": ""})
    tasks.record_delivery(session, cast.actor("liaison"), copy.id, failed)
    assert (copy.next_step, case.state, case.undelivered) == ("改送纸质答复", "awaiting_rating", 0)
    proof = {"outcome": "delivered", "method": "in_person", "delivered_on": "2026-02-13", "proof": "陈某某签收"}
    tasks.record_delivery(session, cast.actor("liaison"), copy.id, proof)
    assert (copy.state, "陈某某签收" in copy.proof, copy.recorded_by_id) == ("delivered", True, cast.id("liaison"))
    with pytest.raises(Conflict):
        tasks.record_delivery(session, cast.actor("liaison"), copy.id, proof)
    assert acts(session, case, "copy_failed", "copy_delivered") == ["copy_failed", "copy_delivered"]


@both
def test_r66_taking_back_the_acceptance_takes_back_the_copies(session: Session, cast: Cast) -> None:
    case = answered(session, cast)
    factories.step(session, cast, case, "accepted")
    tasks.withdraw(session, cast.actor("street_clerk"), case.id)
    session.flush()
    assert copies(session, case) == {}
    factories.step(session, cast, case, "accepted")
    assert len(copies(session, case)) == 4


def test_r66_an_unnamed_reporters_answer_stays_with_the_delegate(session: Session, cast: Cast) -> None:
    """A27: feedback to the delegate only, although a telephone number was left."""
    case = answered(session, cast, reporter_naming="anonymous", reporter_name="")
    factories.step(session, cast, case, "accepted")
    assert copies(session, case)["reporter"] == ("letter", "delivered")
    assert session.scalars(select(Notice).where(Notice.kind == "feedback_copy_reporter")).all() == []


def test_r66_whose_identity_is_kept_gets_the_copy_through_the_department(session: Session, cast: Cast) -> None:
    """A28: the unit does not learn who it was; the department relays the copy and records how."""
    case = factories.handled(session, cast, confidentiality="kept")
    assert case.confidential
    for who, hidden in (("unit_clerk", True), ("street_clerk", False), ("liaison", False), ("delegate", False)):
        assert casefile.load(session, cast.actor(who), case.id).reporter_hidden is hidden
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    assert (copies(session, case)["reporter"], case.state) == (("relay", "pending"), "delivering")
    assert told(session, "copy_relay") == [(cast.department("street").id, "", None)]
    copy = session.scalars(select(Copy).where(Copy.channel == "relay")).one()
    proof = {"outcome": "delivered", "method": "phone", "delivered_on": "2026-02-13", "proof": "10:40 电话告知"}
    tasks.record_delivery(session, cast.actor("street_clerk"), copy.id, proof)
    assert (copy.state, case.state) == ("delivered", "awaiting_rating")


def test_r67_every_answer_is_a_numbered_letter_of_the_unit(session: Session, cast: Cast, at: Clock) -> None:
    """Number, unit, date and contact person of the 答复函; tests/articles/test_papers.py reads them from the paper."""
    at("2026-03-04 09:00")
    first = answered(session, cast)
    answered(session, cast)
    rows = session.scalars(select(Feedback).order_by(Feedback.id)).all()
    assert [row.number for row in rows] == ["沙头角城管函〔2026〕1号", "沙头角城管函〔2026〕2号"]
    assert clock.local(rows[0].delivered_at).date() == date(2026, 3, 4)
    file = casefile.load(session, cast.actor("street_clerk"), first.id).handlings[0]
    assert (file.unit, file.feedbacks[0].contact) == ("沙头角街道城管科", ANSWER["contact"])
    third = factories.handled(session, cast)
    with pytest.raises(Invalid), session.begin_nested():
        factories.act(session, cast, third, "unit_clerk", "answer", **ANSWER | {"contact": ""})


def test_r107_after_a_decline_only_the_new_unit_answers_for_it_and_history_shows_both(
    session: Session, cast: Cast
) -> None:
    case = factories.handled(session, cast)
    decline = {"decision": "decline", "reason": "不属于本科职责。", "suggested_unit": "沙头角街道教育科"}
    factories.act(session, cast, case, "unit_clerk", "answer", **decline)
    factories.refer(session, cast, case, "street_school_unit")
    factories.act(session, cast, case, "school_clerk", "answer", **ANSWER)
    factories.step(session, cast, case, "accepted")
    session.flush()
    assert annex2(session, cast.actor("liaison"), case.id).unit == "沙头角街道教育科"
    received = select(History.organisation_name).where(History.act == "received").order_by(History.id)
    assert session.scalars(received).all() == ["沙头角街道城管科", "沙头角街道教育科"]


def test_r109_a_result_has_a_class_and_at_most_600_characters(session: Session, cast: Cast) -> None:
    case = factories.handled(session, cast)
    for wrong, field in (({"result": ""}, "result"), ({"result": "great"}, "result"), ({"text": "字" * 601}, "text")):
        with pytest.raises(Invalid) as refusal, session.begin_nested():
            factories.act(session, cast, case, "unit_clerk", "answer", **ANSWER | wrong)
        assert list(refusal.value.errors) == [field]
    factories.act(session, cast, case, "unit_clerk", "answer", **ANSWER | {"text": "字" * 600, "result": "planned"})
    factories.step(session, cast, case, "accepted")
    page = annex2(session, cast.actor("liaison"), case.id)
    box, rest = page.result_parts
    assert (page.result, box + rest) == ("planned", "字" * 600)
    assert rest  # what does not fit goes on on the 续页
