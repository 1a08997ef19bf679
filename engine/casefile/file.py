"""Everything the page of a case shows, loaded once and only for those who may read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine import access, clock
from engine.access import Actor, Verb
from engine.attachments.labels import TELLING
from engine.attachments.models import Attachment
from engine.calendar import Calendar
from engine.casefile import joined, limit, path, tracked
from engine.casefile.joined import Joined
from engine.casefile.limit import Limit
from engine.casefile.path import Path
from engine.casefile.reading import readable
from engine.casefile.tracked import Track, Tracked
from engine.cases import masking, versions
from engine.cases.masking import Contact
from engine.cases.models import Case, CaseDelegate, Signature
from engine.catalogue import contacts, scopes
from engine.feedback.models import Copy, Feedback
from engine.handlings import operations as handling_operations
from engine.handlings.models import Extension, ExtensionView, Handling, Review, Supervision
from engine.notices.models import Notice
from engine.organisation.models import Organisation, Person, Place
from engine.parameters import queries as parameters
from engine.ratings.models import Opinion, Rating
from engine.supervision import operations as slips
from engine.work.models import History, Instance, Task
from engine.workdays.queries import calendar

ROW = TypeVar("ROW")


@dataclass(frozen=True)
class OpenStep:
    """An open task as the case page shows it; `mine`: the actor may take it or work on it."""

    task: Task
    where: str
    holder: str
    limit: Limit | None
    may_claim: bool
    mine: bool


@dataclass(frozen=True)
class HandlingFile:
    """One handling with what belongs to it, names filled in."""

    handling: Handling
    unit: str
    department: str
    handler: str
    extensions: Sequence[Extension]
    views: Sequence[ExtensionView]  # of the co-signing delegates (R64)
    feedbacks: Sequence[Feedback]
    supervisions: Sequence[tuple[Supervision, str]]


@dataclass(frozen=True)
class CaseFile:
    """A case, its surroundings, and what the actor may do to it now."""

    case: Case
    contact: Contact
    community: str
    street: str
    district: str
    limit: Limit | None
    steps: Sequence[OpenStep]
    handlings: Sequence[HandlingFile]
    reviews: Sequence[tuple[Review, str, str]]  # with department and unit
    path: Path
    joined: Joined  # 并案
    tracks: Sequence[Track]  # 全程跟踪; several on a split form
    history: Sequence[History]
    copies: Sequence[tuple[Copy, str]]  # with the addressee's name
    opinions: Sequence[Opinion]
    rating: Rating | None
    delegates: Sequence[CaseDelegate]  # co-signers, and who led before (R64)
    delegate_now: str  # who leads now; the case keeps the name of who signed
    signatures: Sequence[Signature]
    confirmed: frozenset[str]  # the contents under which the reporter's hand holds
    attachments: Sequence[Attachment]
    notices: Sequence[tuple[Notice, str]]  # with the receiver's name
    ordered: bool  # a 督办通知单 is open
    unread_copies: Sequence[int]
    instance_id: int | None
    may_terminate: bool
    reporter_hidden: bool  # 不公开身份: this person acts for the handling unit only (A28)

    @property
    def tracked(self) -> Sequence[Tracked]:
        """The four items of the handling that was opened last."""
        return max(self.tracks, key=lambda track: track.handling.id).items if self.tracks else ()

    @property
    def overdue(self) -> bool:
        """Derived, never stored: the limit that runs has passed, or had when the delegate consented (R62)."""
        running = [file for file in self.handlings if file.handling.state == "open" and file.handling.extended]
        late = any(extension.late for file in running for extension in file.extensions)
        return late or (self.limit is not None and self.limit.lamp.colour == "red")

    @property
    def supervised(self) -> bool:
        """Is a supervision open, of the ladder or by a slip?"""
        return self.ordered or any(row.closed_at is None for file in self.handlings for row, _name in file.supervisions)


def load(session: Session, actor: Actor, case_id: int) -> CaseFile:
    """The case for its page; NotFound outside the actor's reach."""
    case = readable(session, actor, case_id)
    names = _Names(session, case_id)
    days = calendar(session)
    handlings = _handlings(session, names, case_id, case.several_delegates)
    current = next((file for file in reversed(handlings) if file.handling.state != "withdrawn"), None)
    steps = _steps(session, actor, case, names, handlings, current.handling if current else None)
    leading = limit.leading([(step.task, step.limit) for step in steps if step.limit is not None])
    reviews = [review for review in _of(session, Review, Review.case_id, case_id) if not review.withdrawn]
    history = _of(session, History, History.case_id, case_id)
    copies = _of(session, Copy, Copy.case_id, case_id)
    instance = session.scalars(select(Instance).where(Instance.case_id == case_id).order_by(Instance.id.desc())).first()
    took_part = {file.handling.unit_id for file in handlings if file.handling.state != "withdrawn"}
    scope = scopes.case_scope(
        session, case, took_part | {row.organisation_id for file in handlings for row, _ in file.supervisions}
    )
    contact, hidden = contacts.contact(actor, case, scope), contacts.hides_reporter(actor, case)
    files = _of(session, Attachment, Attachment.case_id, case_id)
    told = _of(session, Notice, Notice.case_id, case_id)
    return CaseFile(
        case=case,
        contact=contact,
        community=names.place(case.community_id),
        street=names.place(case.street_id),
        district=names.place(case.district_id),
        limit=leading,
        steps=steps,
        handlings=handlings,
        reviews=[(row, names.organisation(row.department_id), names.organisation(row.unit_id)) for row in reviews],
        joined=joined.joined(session, actor, case),
        path=path.with_receipts(
            path.trace(case, history, _departments(session, case), days), [file.handling for file in handlings], days
        ),
        tracks=_tracks(session, days, handlings, steps, leading),
        history=history,
        copies=[(copy, _addressee(copy, case, names)) for copy in copies],
        opinions=_of(session, Opinion, Opinion.case_id, case_id),
        rating=next(reversed(_of(session, Rating, Rating.case_id, case_id)), None),
        delegates=_of(session, CaseDelegate, CaseDelegate.case_id, case_id) if case.several_delegates else [],
        delegate_now=names.person(case.delegate_person_id) if case.several_delegates else case.delegate_name,
        signatures=_of(session, Signature, Signature.case_id, case_id),
        confirmed=versions.confirmed(session, case) if case.spot_grade else frozenset({case.content_hash}),
        attachments=[row for row in files if not (hidden and row.purpose in TELLING)],
        notices=[(row, _receiver(row, names, contact, hidden)) for row in told],
        ordered=any(slip.kind == "order" and slip.closed_at is None for slip in slips.of_case(session, case_id)),
        unread_copies=[copy.id for copy in copies if copy.read_at is None and _addressed(actor, copy)],
        instance_id=instance.id if instance else None,
        may_terminate=_may_terminate(session, actor, case, instance),
        reporter_hidden=hidden,
    )


def mark_copies_read(session: Session, actor: Actor, case_id: int) -> int:
    """已阅: the copies of this case addressed to the actor or the actor's organisations; how many were unread."""
    readable(session, actor, case_id, Verb.COPY_READ)
    copies = session.scalars(select(Copy).where(Copy.case_id == case_id, Copy.read_at.is_(None))).all()
    mine = [copy.id for copy in copies if _addressed(actor, copy)]
    session.execute(update(Copy).where(Copy.id.in_(mine)).values(read_at=clock.now(), read_by_id=actor.person_id))
    return len(mine)


class _Names:
    """Names by id, looked up once each."""

    def __init__(self, session: Session, case_id: int) -> None:
        self._session = session

    def place(self, place_id: int) -> str:
        row = self._session.get(Place, place_id)
        return row.name if row else ""

    def organisation(self, organisation_id: int | None) -> str:
        row = self._session.get(Organisation, organisation_id) if organisation_id else None
        return row.name if row else ""

    def person(self, person_id: int | None) -> str:
        row = self._session.get(Person, person_id) if person_id else None
        return row.name if row else ""


def _of(
    session: Session, table: type[ROW], column: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], key: int
) -> list[ROW]:
    """The rows of a table that belong to the case or handling, oldest first."""
    return list(session.scalars(select(table).where(column == key).order_by(table.id)))  # type: ignore[attr-defined]


def _departments(session: Session, case: Case) -> dict[str, str]:
    """The organisation departments above the case, by tier, and the committee."""
    rows = session.execute(
        select(Organisation.tier, Organisation.place_id, Organisation.kind, Organisation.name)
        .where(Organisation.kind.in_(("department", "committee")))
        .where(
            (Organisation.place_id.in_((case.street_id, case.district_id)))
            | Organisation.tier.in_(("city", "committee"))
        )
    )
    found = {"street": "街道组织部门", "district": "区委组织部", "city": "市委组织部", "committee": "市委"}
    for tier, place_id, kind, name in rows:
        if kind == "committee":
            found["committee"] = name
        elif tier == "city" or (tier, place_id) in (("street", case.street_id), ("district", case.district_id)):
            found[tier] = name
    return found


def _views(session: Session, handling_id: int) -> list[ExtensionView]:
    query = select(ExtensionView).join(Extension, Extension.id == ExtensionView.extension_id)
    return list(session.scalars(query.where(Extension.handling_id == handling_id).order_by(ExtensionView.id)))


def _handlings(session: Session, names: _Names, case_id: int, several: bool) -> list[HandlingFile]:
    files = []
    for handling in _of(session, Handling, Handling.case_id, case_id):
        supervisions = _of(session, Supervision, Supervision.handling_id, handling.id)
        feedbacks = _of(session, Feedback, Feedback.handling_id, handling.id)
        files.append(
            HandlingFile(
                handling=handling,
                unit=names.organisation(handling.unit_id),
                department=names.organisation(handling.department_id),
                handler=names.person(handling.handler_id),
                extensions=_of(session, Extension, Extension.handling_id, handling.id),
                views=_views(session, handling.id) if several else [],
                feedbacks=[row for row in feedbacks if row.state != "withdrawn"],
                supervisions=[(row, names.organisation(row.organisation_id)) for row in supervisions],
            )
        )
    return files


def _steps(
    session: Session, actor: Actor, case: Case, names: _Names, handlings: Sequence[HandlingFile],
    handling: Handling | None,
) -> list[OpenStep]:  # fmt: skip
    days, found = calendar(session), []
    own = {file.handling.id: file.handling for file in handlings}  # of sub-items
    for task in _of(session, Task, Task.case_id, case.id):
        scope = scopes.task_scope(session, task, case)
        may_claim = task.assignee_id is None and access.may(actor, Verb.TASK_CLAIM, scope)
        found.append(
            OpenStep(
                task=task,
                where=names.organisation(task.organisation_id) or names.person(task.person_id),
                holder=names.person(task.assignee_id),
                limit=limit.of_task(days, task, own.get(task.handling_id or 0, handling), case.arrived_on),
                may_claim=may_claim,
                mine=may_claim or access.may(actor, Verb.TASK_COMPLETE, scope),
            )
        )
    return found


def _tracks(
    session: Session, days: Calendar, files: Sequence[HandlingFile], steps: Sequence[OpenStep], leading: Limit | None
) -> list[Track]:
    own = {step.task.handling_id: step.limit for step in steps if step.task.role == "answer"}
    by_id = {file.handling.id: file for file in files}
    found = []
    for handling in handling_operations.followed([file.handling for file in files]):
        limit = leading if handling.item is None else own.get(handling.id)
        items = _tracked(session, days, by_id[handling.id], limit)
        found.append(Track(handling, by_id[handling.id].unit, limit, items))
    return found


def _tracked(session: Session, days: Calendar, current: HandlingFile, limit: Limit | None) -> tuple[Tracked, ...]:
    feedback = next((row for row in reversed(current.feedbacks) if row.state != "returned"), None)
    handling = current.handling
    name = "extended_answer_limit" if handling.extended else "answer_limit"
    count = parameters.value(session, name, handling.received_on)
    due = clock.end_of(days.working_days(handling.received_on, count))
    target = parameters.value(session, "plan_target", handling.received_on)
    return tracked.items(days, handling, current.handler, limit, feedback, due, target)


def _addressed(actor: Actor, copy: Copy) -> bool:
    mine = access.reach(actor).organisation_ids
    return copy.channel == "inbox" and (copy.person_id == actor.person_id or copy.organisation_id in mine)


def _addressee(copy: Copy, case: Case, names: _Names) -> str:
    if copy.addressee == "reporter":
        return case.reporter_name
    return names.organisation(copy.organisation_id) or names.person(copy.person_id)


def _receiver(notice: Notice, names: _Names, contact: Contact, hidden: bool) -> str:
    known = names.organisation(notice.organisation_id) or names.person(notice.person_id)
    return known or (notice.address if contact.full else "" if hidden else masking.phone(notice.address))


def _may_terminate(session: Session, actor: Actor, case: Case, instance: Instance | None) -> bool:
    running = instance is not None and instance.status == "open"
    return running and access.may(actor, Verb.CASE_TERMINATE, scopes.case_scope(session, case))
