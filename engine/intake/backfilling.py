"""补录: a case that was registered on paper before the studio began with this system, under its original number and
date (§0, R89), and marked so. Finished ones are closed with their old result, others go on where they stand."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import bpmn, clock, forms, instances
from engine.access import Actor, Verb, require
from engine.cases import signing, versions
from engine.cases.models import Case, NumberCounter, NumberStart
from engine.catalogue.act import Act
from engine.errors import Invalid, NotFound
from engine.feedback.models import Feedback
from engine.handlings.models import Handling
from engine.intake import paper_course
from engine.intake.drafts import draft_of
from engine.intake.paper_course import OPENS
from engine.intake.registering import PROCESS, Paper, check_form, draw_up, hand_in, once, registered_from
from engine.ledger import operations as ledger
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from engine.packages import queries as packages
from engine.packages.models import Package
from engine.ratings.models import Rating
from engine.work.models import Instance
from engine.work.operations import record

SCHEMA = Path(__file__).with_name("backfill.json")
NUMBER = re.compile(r"(.+?)(20\d{2})(\d{3,5})")
NOTE = "纸质登记表签名，补录"


def paper_form() -> forms.Form:
    """What is asked about a paper case beside the registration form itself."""
    return forms.load(SCHEMA.read_bytes())


def units_for(session: Session, studio_id: int) -> list[tuple[str, str]]:
    """The handling units of the studio's street, district and city, as (id, label) choices."""
    place = organisation.path(session, session.get_one(Organisation, studio_id).place_id)
    rungs = (("street", place.street), ("district", place.district), ("city", place.city))
    found = [unit for name, rung in rungs if rung is not None for unit in organisation.units_of(session, name, rung.id)]
    return [(str(unit.id), unit.name) for unit in found]


def backfill(
    session: Session, actor: Actor, studio_id: int, submitted: Mapping[str, Any], draft_key: str | None = None
) -> Case:
    """补录 a paper case; `draft_key`: the draft this was, whose files go with the case, and which becomes one case
    however often it is sent. Invalid with a sentence per wrong field; nothing is written then."""
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, studio_id))
    data, errors = check_form(session, studio_id, submitted)
    asked = forms.clean(paper_form(), submitted)
    wrong = forms.validate(paper_form(), asked)
    _date_of_reflection(data, asked, errors)
    errors |= wrong
    sent = registered_from(session, actor, draft_key)
    paper = _paper(session, studio_id, asked, errors, sent)
    if not wrong:
        errors |= _problems_of_course(session, studio_id, asked, data)
    if errors or paper is None:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看标红的栏目。", errors=errors)
    case, fresh = once(session, actor, draft_key, data, lambda: draw_up(session, actor, studio_id, data, paper))
    if fresh:
        _enter(session, actor, case, asked)
    hand_in(session, draft_of(session, actor, draft_key or ""), case)
    return case


def _enter(session: Session, actor: Actor, case: Case, asked: Mapping[str, Any]) -> None:
    _signed(session, case)
    _told(session, actor, case, asked)
    if asked["reached"] == "finished":
        _finish(session, actor, case, asked)
    else:
        _go_on(session, actor, case, asked)
    versions.first(session, case, by_id=actor.person_id, by_name=actor.name)


def _problems_of_course(
    session: Session, studio_id: int, asked: Mapping[str, Any], data: Mapping[str, Any]
) -> dict[str, str]:  # fmt: skip
    """What is wrong with the way the paper case has gone since it was registered."""
    reached = asked["reached"]
    if data.get("settlement") == "on_the_spot":
        return {} if reached == "finished" else {"reached": "当场答复的不报街道组织部门，请选“已办结”。"}
    if reached == "to_report":
        return {}
    if reached == "finished":
        return _missing_result(session, studio_id, asked)
    if reached == "with_unit" and str(asked.get("unit_id")) not in dict(units_for(session, studio_id)):
        return {"unit_id": "请选择承办单位。"}
    return paper_course.problems(asked, paper_course.tier_of(session, asked))


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _date_of_reflection(data: Mapping[str, Any], asked: Mapping[str, Any], errors: dict[str, str]) -> None:
    """Before 2010-11-24 only here (R89); never after the form was registered."""
    reflected, registered = _day(data.get("reflected_on")), _day(asked.get("registered_on"))
    if reflected is not None and reflected <= clock.today():
        errors.pop("reflected_on", None)
    if reflected is not None and registered is not None and reflected > registered:
        errors["reflected_on"] = "反映日期不能晚于登记日期。"


def _paper(
    session: Session, studio_id: int, asked: Mapping[str, Any], errors: dict[str, str], sent: Case | None
) -> Paper | None:
    """The number and date on the paper, None when they cannot be right; `sent`: what this page has become before."""
    found, registered = NUMBER.fullmatch(str(asked.get("number", ""))), _day(asked.get("registered_on"))
    if found is None or registered is None or errors.keys() & {"number", "registered_on"}:
        return None
    paper = Paper(str(asked["number"]), int(found[2]), int(found[3]), clock.at(registered, OPENS))
    sentence = _refusal(session, studio_id, paper, registered)
    if sentence and (sent is None or sent.number != paper.number):
        errors["number"] = sentence
    return paper


def _refusal(session: Session, studio_id: int, paper: Paper, registered: date) -> str:
    if paper.year != registered.year:
        return f"原编号的年份是{paper.year}年，与登记日期不一致。"
    same = (Case.studio_id == studio_id) & (Case.year == paper.year) & (Case.sequence == paper.sequence)
    if session.scalars(select(Case.id).where(or_(Case.number == paper.number, same)).limit(1)).first() is not None:
        return "这个编号已经登记过了。"
    if paper.sequence < 1:
        return "序号从001开始。"
    if paper.year == clock.today().year:
        counter = session.get(NumberCounter, (studio_id, paper.year))
        if counter is None or paper.sequence > counter.last:
            if start := session.get(NumberStart, (studio_id, paper.year)):
                last = start.following - 1
                return f"留出补录的编号到第{last}号为止，之后的编号由系统产生。请核对纸质登记表上的编号。"
            return "这个编号还没有留出，会与今后的编号重复。请先由系统管理员在“机构管理”中设置本年度起始编号。"
    return ""


def _missing_result(session: Session, studio_id: int, asked: Mapping[str, Any]) -> dict[str, str]:
    """What the ledger says of a case a unit has answered."""
    needed = {
        "unit_id": "请选择承办单位。", "received_on": "请填写承办单位收到日期。", "answered_on": "请填写答复日期。",
        "result": "请选择办理结果。", "result_text": "请填写答复内容。", "grade": "请选择评定等级。",
    }  # fmt: skip
    found = {name: sentence for name, sentence in needed.items() if name not in asked}
    if "unit_id" not in found and str(asked["unit_id"]) not in dict(units_for(session, studio_id)):
        found["unit_id"] = "请选择承办单位。"
    days = [_day(asked.get(name)) for name in ("registered_on", "received_on", "answered_on", "closed_on")]
    names = ("received_on", "answered_on", "closed_on")
    for name, before, after in zip(names, days, days[1:], strict=False):
        if before is not None and after is not None and after < before:
            found.setdefault(name, "日期应依次为登记、承办单位收到、答复、办结。")
    return found


def _signed(session: Session, case: Case) -> None:
    signing.record(
        session, case, "registration", "delegate", name=case.delegate_name, at=case.registered_at, method="paper",
        person_id=case.delegate_person_id, note=NOTE,
    )  # fmt: skip


def _told(session: Session, actor: Actor, case: Case, asked: Mapping[str, Any]) -> None:
    record(
        session, "backfilled", case_id=case.id, element_name="补录", actor_id=actor.person_id, actor_name=actor.name,
        organisation_id=case.studio_id, organisation_name=case.studio_name, tier="community",
        data={"content_hash": case.content_hash, "reached": asked["reached"], "registered_on": asked["registered_on"]},
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ already finished


def _finish(session: Session, actor: Actor, case: Case, asked: Mapping[str, Any]) -> None:
    """Closed, with its ledger line and its old result; no procedure ever runs."""
    closed_at = clock.at(date.fromisoformat(asked["closed_on"]), OPENS)
    ledger.record(session, studio_id=case.studio_id, year=case.year, sequence=case.sequence, case_id=case.id)
    if case.settlement == "on_the_spot":
        case.outcome, case.grade = "on_the_spot", case.spot_grade
    else:
        case.outcome, case.grade = "closed", asked["grade"]
        _result(session, actor, case, asked)
    case.state, case.closed_at = "closed", closed_at
    row = record(session, "closed", case_id=case.id, element_name="补录", tier=case.tier, opinion="补录：纸质件已办结")
    row.at = closed_at
    session.flush()


def _result(session: Session, actor: Actor, case: Case, asked: Mapping[str, Any]) -> None:
    unit = session.get_one(Organisation, asked["unit_id"])
    received, answered = (date.fromisoformat(asked[name]) for name in ("received_on", "answered_on"))
    case.tier, case.arrived_on = unit.tier, received
    for rung in ("street", "district", "city"):
        setattr(case, f"sent_{rung}_at", clock.at(received, OPENS))
        if rung == unit.tier:
            break
    handling = Handling(
        case_id=case.id, tier=unit.tier, department_id=organisation.department_of(session, unit.place_id).id,
        unit_id=unit.id, received_at=clock.at(received, OPENS), received_on=received, state="answered",
        answered_at=clock.at(answered, OPENS), close_reason="补录",
    )  # fmt: skip
    session.add(handling)
    session.flush()
    session.add(
        Feedback(
            case_id=case.id, handling_id=handling.id, text=asked["result_text"], result=asked["result"], contact="",
            author_id=actor.person_id, delivered_at=clock.at(answered, OPENS), state="accepted",
            checked_at=clock.at(answered, OPENS),
        )
    )  # fmt: skip
    session.add(
        Rating(
            case_id=case.id, handling_id=handling.id, grade=asked["grade"], agreed=True, remark="补录",
            at=clock.at(date.fromisoformat(asked["closed_on"]), OPENS),
        )
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ not finished


def _go_on(session: Session, actor: Actor, case: Case, asked: Mapping[str, Any]) -> None:
    """The procedure of the version in force, from where the case stands: what comes before happened on paper."""
    package = packages.in_force(session, PROCESS, clock.today())
    if asked["reached"] == "to_report":
        _to_report(session, actor, case, package)
        return
    with clock.frozen(case.registered_at):
        instance = _to_report(session, actor, case, package)
    paper_course.walk(session, actor, case, instance, asked)


def _to_report(session: Session, actor: Actor, case: Case, package: Package) -> Instance:
    """Signed on paper, waiting to be reported."""
    act = Act(session, case, 0, actor=actor, organisation_id=case.studio_id, role="registration", element_name="补录")
    act.history = record(
        session, "started", case_id=case.id, element_name="补录", actor_id=actor.person_id, actor_name=actor.name
    )
    session.flush()
    instances.start(session, package.id, PROCESS, act, {"settlement": case.settlement})
    instance = session.get_one(Instance, act.instance_id)
    case.arrived_on = clock.today()  # from here the studio's own target for reporting runs
    further = Act(session, case, instance.id, actor=actor, organisation_id=case.studio_id)
    with session.no_autoflush:
        run = instances.restored(session, instance, further)
        before = instances.Projection.of(run)
        waiting = next(task for task in run.tasks() if task.extensions.get("role") == "signature")
        bpmn.move(run, waiting.token, _report_step(packages.compiled(session, package.id)))
        instances.follow(session, instance, further, run, before)
    return instance


def _report_step(package: bpmn.Package) -> str:
    for element in package.elements(PROCESS):
        if element.kind == "userTask" and element.extensions.get("role") == "report":
            return element.id
    raise NotFound
