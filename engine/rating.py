"""The joint rating beside its steps (article 12): tries to reach the reporter, residents heard, what stands in the
ledger and whether it still reads as it was locked, and corrections of it (R81, R84, R116, A11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import access, clock
from engine.access import Actor, Verb, require
from engine.cases.models import Case, Signature
from engine.catalogue import rating_page, scopes
from engine.catalogue.act import Act
from engine.catalogue.rating_operations import GRADE_NAMES, GRADES, LOCKED
from engine.errors import Conflict, Invalid, NotFound
from engine.handlings.models import Handling
from engine.organisation.models import Organisation
from engine.ratings import operations as ratings
from engine.ratings.models import ContactTry, InvitedResident, LedgerPage, Opinion, Rating, RatingCorrection
from engine.work.models import Instance, Task

METHODS = {"phone": "电话", "sms": "短信", "visit": "上门", "post": "邮寄"}
OPEN_ROLES = ("rating_reporter", "rating_delegate", "rating_department", "rating_consultation", "rating_redo")


@dataclass(frozen=True)
class Round:
    """One rating of the case: opinions and hands by party; `rating` None while it is open."""

    handling: Handling
    unit: str
    opinions: Sequence[Opinion]
    signatures: Mapping[str, Signature]
    agreed: Sequence[Signature]  # under the grade of the consultation (R82)
    tries: Sequence[ContactTry]
    residents: Sequence[InvitedResident]
    rating: Rating | None
    corrections: Sequence[RatingCorrection]

    @property
    def days(self) -> int:
        """On how many days the reporter was tried."""
        return len({row.tried_on for row in self.tries})


@dataclass(frozen=True)
class Standing:
    """Everything about the rating of a case, and what the actor may do to it now."""

    case: Case
    rounds: Sequence[Round]
    steps: Sequence[Task]
    page: LedgerPage | None
    intact: bool  # the page reads as it was frozen
    may_note: bool
    may_correct: bool

    @property
    def current(self) -> Round | None:
        """The round that is asked now, else the last one."""
        return self.rounds[-1] if self.rounds else None

    @property
    def asks_reporter(self) -> bool:
        """Is the reporter still to be asked?"""
        return any(task.role == "rating_reporter" for task in self.steps)


def standing(session: Session, actor: Actor, case_id: int) -> Standing:
    """The rating of a case for its page; NotFound outside the actor's reach."""
    case = _case(session, actor, case_id, Verb.CASE_READ)
    scope = scopes.case_scope(session, case)
    steps = session.scalars(
        select(Task).where(Task.case_id == case_id, Task.role.in_(OPEN_ROLES)).order_by(Task.id)
    ).all()
    rated = _rounds(session, case_id, bool(steps))
    page = _page(session, case_id)
    open_round = bool(rated) and rated[-1].rating is None
    return Standing(
        case=case,
        rounds=rated,
        steps=steps,
        page=page,
        intact=page is None or rating_page.digest(rating_page.content(session, case)) == page.content_hash,
        may_note=open_round and bool(steps) and access.may(actor, Verb.RATING_RECORD, scope),
        may_correct=bool(rated) and not open_round and access.may(actor, Verb.RATING_CORRECT, scope),
    )


def _case(session: Session, actor: Actor, case_id: int, verb: Verb) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    require(actor, verb, scopes.case_scope(session, case))
    return case


def _rounds(session: Session, case_id: int, asked: bool) -> list[Round]:
    """The handlings that were rated, and the one being rated now."""
    rows = session.execute(
        select(Handling, Organisation.name)
        .join(Organisation, Organisation.id == Handling.unit_id)
        .where(Handling.case_id == case_id, Handling.state.not_in(("withdrawn", "declined")))
        .order_by(Handling.id)
    ).all()
    found = {row.Handling.id: row for row in rows}
    opinions = _by_handling(session, Opinion, case_id)
    tried, heard = _by_handling(session, ContactTry, case_id), _by_handling(session, InvitedResident, case_id)
    ratings_ = {key: items[0] for key, items in _by_handling(session, Rating, case_id).items()}
    corrected = session.scalars(
        select(RatingCorrection).where(RatingCorrection.case_id == case_id).order_by(RatingCorrection.version)
    ).all()
    hands = session.scalars(
        select(Signature).where(Signature.case_id == case_id, Signature.purpose == "rating").order_by(Signature.id)
    ).all()
    newest = max(found, default=0)
    wanted = [
        key
        for key in found
        if key in opinions
        or key in ratings_
        or key in tried
        or (key == newest and _asked_now(found[key].Handling, asked, bool(ratings_)))
    ]
    made = []
    for key in wanted:
        rating = ratings_.get(key)
        voices = opinions.get(key, [])
        made.append(Round(
            handling=found[key].Handling, unit=found[key].name, opinions=voices,
            signatures={row.party: row for row in reversed(hands) if any(
                row.party == one.party and row.signed_at == one.at for one in voices
            )},
            agreed=_agreed(hands, rating),
            tries=tried.get(key, []), residents=heard.get(key, []), rating=rating,
            corrections=[row for row in corrected if rating is not None and row.rating_id == rating.id],
        ))  # fmt: skip
    return made


def _agreed(hands: Sequence[Signature], rating: Rating | None) -> list[Signature]:
    """The hands given at the consultation, under the grade that was agreed there: the last of each party by then."""
    if rating is None or not (rating.consulted and rating.agreed):
        return []
    return list({row.party: row for row in hands if row.signed_at == rating.at}.values())


def _asked_now(handling: Handling, asked: bool, rated: bool) -> bool:
    """Is this the handling being rated, or being done again (重办) after a first rating?"""
    return asked or (rated and handling.state == "open")


def _by_handling(session: Session, table: Any, case_id: int) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in session.scalars(select(table).where(table.case_id == case_id).order_by(table.id)):
        found.setdefault(row.handling_id, []).append(row)
    return found


def _page(session: Session, case_id: int) -> LedgerPage | None:
    query = select(LedgerPage).where(LedgerPage.case_id == case_id).order_by(LedgerPage.id.desc())
    return session.scalars(query.limit(1)).first()


# ------------------------------------------------------------------------------------------------ acts


def note_try(session: Session, actor: Actor, case_id: int, method: str, note: str) -> ContactTry:
    """登记联系经过: today somebody tried to reach the reporter for the rating (R81)."""
    act = _asking(session, actor, case_id)
    errors = {} if method in METHODS else {"method": "请选择联系方式。"}
    if not note.strip() or len(note) > 300:
        errors["note"] = "请写明联系经过，不超过 300 字。"
    if errors:
        raise Invalid("联系经过没有登记，请看标红的栏目。", errors=errors)
    row = ContactTry(
        case_id=case_id, handling_id=act.current_handling().id, tried_on=clock.local(act.now).date(), method=method,
        note=note.strip(), by_id=actor.person_id, by_name=actor.name, at=act.now,
    )  # fmt: skip
    session.add(row)
    act.record("contact_tried", result=METHODS[method], opinion=row.note)
    return row


def hear_resident(session: Session, actor: Actor, case_id: int, name: str, opinion: str) -> InvitedResident:
    """听取群众意见: another resident is heard; recorded, without a vote (article 12 「基层党员群众」, A11)."""
    act = _asking(session, actor, case_id)
    errors = {} if name.strip() and len(name) <= 40 else {"name": "请填写姓名。"}
    if not opinion.strip() or len(opinion) > 600:
        errors["opinion"] = "请填写意见，不超过 600 字。"
    if errors:
        raise Invalid("群众意见没有登记，请看标红的栏目。", errors=errors)
    row = InvitedResident(
        case_id=case_id, handling_id=act.current_handling().id, name=name.strip(), opinion=opinion.strip(),
        by_id=actor.person_id, by_name=actor.name, at=act.now,
    )  # fmt: skip
    session.add(row)
    act.record("resident_invited", result=row.name, opinion=row.opinion)
    return row


def _asking(session: Session, actor: Actor, case_id: int) -> Act:
    """The rating while it is open; Conflict once it is locked (R116), or before it began."""
    case = _case(session, actor, case_id, Verb.RATING_RECORD)
    act = _act(session, actor, case)
    if act.handling is not None and ratings.of_handling(session, act.handling.id) is not None:
        raise Conflict(LOCKED)
    steps = select(func.count()).select_from(Task).where(Task.case_id == case_id, Task.role.in_(OPEN_ROLES))
    if not session.scalar(steps):
        raise Conflict("此件还没有进入评议，请在书面反馈审核通过并抄送之后再登记。")
    return act


def _act(session: Session, actor: Actor, case: Case) -> Act:
    instance_id = session.scalar(select(func.min(Instance.id)).where(Instance.case_id == case.id))
    act = Act(session, case, instance_id or 0, actor=actor)
    kinds = {(post.kind, post.tier): post.organisation_id for post in actor.posts}
    act.organisation_id = kinds.get(("department", "street")) or kinds.get(("studio", "community"))
    return act


def correct(session: Session, actor: Actor, case_id: int, grade: str, reason: str) -> RatingCorrection:
    """更正评定等级 by the head of the street's department: a new version with its reason, the old one stays (R116)."""
    case = _case(session, actor, case_id, Verb.RATING_CORRECT)
    rating = ratings.latest(session, case_id)
    if rating is None:
        raise Conflict("评定等级还没有登记在册，不需要更正。")
    errors = {} if grade in GRADES else {"grade": "请在非常满意、满意、基本满意、不满意中选择一项。"}
    if grade == case.grade:
        errors["grade"] = f"现在登记的就是{GRADE_NAMES[grade]}，没有改动。"
    if not reason.strip() or len(reason) > 600:
        errors["reason"] = "请写明更正的理由，不超过 600 字。"
    if errors:
        raise Invalid("没有更正，请看标红的栏目。", errors=errors)
    act = _act(session, actor, case)
    query = select(func.count()).select_from(RatingCorrection).where(RatingCorrection.rating_id == rating.id)
    row = RatingCorrection(
        rating_id=rating.id, case_id=case_id, version=(session.scalar(query) or 0) + 2, grade=grade,
        reason=reason.strip(), by_id=actor.person_id, by_name=actor.name, at=act.now,
    )  # fmt: skip
    session.add(row)
    act.record(
        "rating_corrected", result=f"{GRADE_NAMES[case.grade]} → {GRADE_NAMES[grade]}", opinion=row.reason,
        data={"before": case.grade, "after": grade, "version": row.version},
    )  # fmt: skip
    case.grade = grade
    session.flush()
    rating_page.freeze(session, case, rating, row.version, act.now)
    return row


# ------------------------------------------------------------------------------------------------ in numbers


@dataclass(frozen=True)
class UnitGrades:
    """How the handlings of one lead unit were rated: grade → how many; `redone`: of them after 重办."""

    unit_id: int
    unit: str
    grades: Mapping[str, int]
    redone: int


def by_lead_unit(session: Session, actor: Actor, year: int) -> list[UnitGrades]:
    """The ratings registered in a calendar year, by the unit that led the handling (R84): within the actor's area."""
    require(actor, Verb.LEDGER_READ)
    seen = access.reach(actor)
    begin, end = clock.at(date(year, 1, 1)), clock.at(date(year + 1, 1, 1))
    query = (
        select(Organisation.id, Organisation.name, Rating.id, Rating.grade, Rating.round)
        .join(Handling, Handling.id == Rating.handling_id)
        .join(Organisation, Organisation.id == Handling.unit_id)
        .join(Case, Case.id == Rating.case_id)
        .where(Rating.at >= begin, Rating.at < end)
        .order_by(Organisation.name, Organisation.id)
    )
    if not seen.city:
        query = query.where(
            Case.studio_id.in_(seen.organisation_ids)
            | Case.street_id.in_(seen.street_ids)
            | Case.district_id.in_(seen.district_ids)
        )
    rows = session.execute(query).all()
    newest = {
        row.rating_id: row.grade
        for row in session.scalars(
            select(RatingCorrection)
            .where(RatingCorrection.rating_id.in_([row[2] for row in rows]))
            .order_by(RatingCorrection.version)
        )
    }
    found: dict[int, tuple[str, dict[str, int], list[int]]] = {}
    for unit_id, unit, rating_id, grade, number in rows:
        _, grades, redone = found.setdefault(unit_id, (unit, dict.fromkeys(GRADES, 0), [0]))
        grades[newest.get(rating_id, grade)] += 1
        redone[0] += number > 1
    return [UnitGrades(key, unit, grades, redone[0]) for key, (unit, grades, redone) in found.items()]
