"""What an organisation department sees before it decides a review: what is proposed and why, the units of its tier, who
declined before, what may be the same matter (article 10; R50–R53, R57, R58). It decides; the table only proposes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import access, clock, instances
from engine.access import Actor, Verb
from engine.cases import queries as cases
from engine.cases.models import Case
from engine.catalogue import scopes, tiers
from engine.handlings import operations as handlings
from engine.handlings.models import Handling, Review
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from engine.work.models import Task
from engine.workdays import queries as workdays

ROLE = "tier_review"
ROLES = (ROLE, "referral")  # a sub-item that came back is referred again, nothing else
SHORTEST_NAME = 2  # characters of a suggested unit, to be found by the end of its name: 城管科


@dataclass(frozen=True)
class Candidate:
    """A unit of the department's own tier. `fits`: the matter is among its duties; `open`: cases it has now; `gone`:
    "declined" or "recalled" when it had this one before."""

    id: int
    name: str
    fits: bool
    gone: str
    open: int


@dataclass(frozen=True)
class Declined:
    """A 退件 or 收回改派: which unit, why, whom it suggested, and how many working days it had the case."""

    unit: str
    reason: str
    suggested: str
    days: int
    handling: Handling


@dataclass(frozen=True)
class Similar:
    """Another case that may be the same matter."""

    case: Case
    words: str
    chosen: bool


@dataclass(frozen=True)
class ReviewDesk:
    """Everything beside the form of a review. `item`: it is about one sub-item that came back, and only that."""

    candidates: Sequence[Candidate]
    declined: Sequence[Declined]
    similar: Sequence[Similar]
    members: Sequence[Case]
    sent_down: Review | None
    item: Handling | None
    may_split: bool
    may_merge: bool
    may_send_down: bool
    may_return: bool


def may_return(task: Task, case: Case) -> bool:
    """退回补正 only in the street's own review: a case that was above and sent down (下转) is in the upper tier's
    hands, and one that others were joined to stays until they are separated."""
    here = task.role == ROLE and case.tier == "street" and case.sent_district_at is None
    return here and task.handling_id is None and not case.leads


def proposal(session: Session, task: Task, case: Case) -> dict[str, Any]:
    """What jurisdiction.dmn proposed for this review: tier, unit and reason (article 10, 管理权限). After a 批示 its
    text goes with the referral (R53); a unit that declined or was too late (收回改派) is not proposed again, the one
    that a 退件 suggested is (R57, R69)."""
    if task.role not in ROLES:
        return {}
    last = handlings.latest_review(session, case.id)
    if case.instruction:
        return _instructed(session, task, case)
    data = instances.data_of(session, task, case)
    found = {name: data[name] for name in ("proposed_tier", "proposed_matter", "proposal_reason") if data.get(name)}
    if last is not None and last.decision == "send_down":
        found = {"proposal_reason": f"上级下转：{last.basis}"[:300]}
    if found.get("proposal_reason"):
        found["basis"] = found["proposal_reason"]
    if task.handling_id is None and found.get("proposed_tier", case.tier) != case.tier:
        return found | {"decision": "escalate"}
    return found | _proposed_unit(session, task, case, str(found.get("proposed_matter", case.matter)))


def _instructed(session: Session, task: Task, case: Case) -> dict[str, Any]:
    query = select(Review).where(Review.case_id == case.id, Review.tier == "committee", Review.withdrawn.is_(False))
    order = session.scalars(query.order_by(Review.id.desc()).limit(1)).first()
    said = f"市委批示：{case.instruction}"
    if order is not None and order.leader:
        said = f"市委批示（{order.leader}，{order.instructed_on:%Y-%m-%d}）：{case.instruction}"
    declined = {handling.unit_id for handling, _name in _back(session, task, case)}
    unit = order.unit_id if order is not None and order.unit_id not in declined else None
    return {"decision": "refer", "basis": said[:300]} | ({"unit_id": str(unit)} if unit else {})


def _proposed_unit(session: Session, task: Task, case: Case, matter: str) -> dict[str, Any]:
    department = session.get(Organisation, task.organisation_id)
    if department is None:
        return {}
    back = _back(session, task, case)
    gone = {handling.unit_id for handling, _name in back}
    own = [unit for unit in organisation.units_of(session, case.tier, department.place_id) if unit.id not in gone]
    last, name = back[-1] if back else (None, "")
    wanted = last.suggested_unit.strip() if last is not None else ""
    named = [unit for unit in own if len(wanted) >= SHORTEST_NAME and unit.name.endswith(wanted)]
    fitting = named or [unit for unit in own if matter in unit.matters.split()]
    if not fitting:
        return {}
    found = {"decision": "refer", "unit_id": str(fitting[0].id), "unit_name": fitting[0].name}
    if not named or last is None:
        return found
    reason = f"{name}退件，建议由{fitting[0].name}承办：{last.close_reason}"[:300]
    return found | {"proposal_reason": reason, "basis": reason}


def review_of(session: Session, actor: Actor, task: Task, case: Case) -> ReviewDesk | None:
    """What stands beside the form; None for a task that is no review. The caller may read the task."""
    department = session.get(Organisation, task.organisation_id) if task.role in ROLES else None
    if department is None:
        return None
    back = _back(session, task, case)
    last = handlings.latest_review(session, case.id)
    item = session.get(Handling, task.handling_id) if task.handling_id else None
    days = workdays.calendar(session)
    plain = item is None and not case.instruction
    joined = members(session, case)
    return ReviewDesk(
        candidates=_candidates(session, case, department, {row.unit_id: row.state for row, _name in back}),
        declined=[
            Declined(
                name, handling.close_reason, handling.suggested_unit,
                days.between(handling.received_on, clock.local(handling.declined_at or clock.now()).date()), handling,
            )
            for handling, name in back
        ],
        similar=_similar(session, actor, case) if plain else (),
        members=joined,
        sent_down=last if last is not None and last.decision == "send_down" else None,
        item=item,
        may_split=item is None and not joined,
        may_merge=plain,
        may_send_down=plain and tiers.below(case.tier) not in (None, "community"),
        may_return=may_return(task, case),
    )  # fmt: skip


def _back(session: Session, task: Task, case: Case) -> list[tuple[Handling, str]]:
    query = select(Handling, Organisation.name).join(Organisation, Organisation.id == Handling.unit_id)
    query = query.where(Handling.case_id == case.id, Handling.state.in_(("declined", "recalled")))
    item = session.get(Handling, task.handling_id) if task.handling_id else None
    if item is not None:
        query = query.where(Handling.item == item.item)
    return [(handling, name) for handling, name in session.execute(query.order_by(Handling.id))]


def _candidates(session: Session, case: Case, department: Organisation, gone: Mapping[int, str]) -> list[Candidate]:
    units = organisation.units_of(session, case.tier, department.place_id)
    counted = select(Handling.unit_id, func.count()).where(
        Handling.unit_id.in_([unit.id for unit in units]), Handling.state == "open"
    )
    busy = {row[0]: row[1] for row in session.execute(counted.group_by(Handling.unit_id))}
    found = [
        Candidate(unit.id, unit.name, case.matter in unit.matters.split(), gone.get(unit.id, ""), busy.get(unit.id, 0))
        for unit in units
    ]
    return sorted(found, key=lambda unit: (bool(unit.gone), not unit.fits, unit.id))


def _similar(session: Session, actor: Actor, case: Case) -> list[Similar]:
    return [
        Similar(found.case, found.words, found.chosen)
        for found in cases.likely_duplicates(session, case)
        if found.case.closed_at is None
        and found.case.merged_into_id is None
        and access.may(actor, Verb.CASE_READ, scopes.case_scope(session, found.case))
    ]


def members(session: Session, case: Case) -> Sequence[Case]:
    """The cases joined to this one (并案), by number."""
    if not case.leads:
        return ()
    return session.scalars(select(Case).where(Case.merged_into_id == case.id).order_by(Case.id)).all()
