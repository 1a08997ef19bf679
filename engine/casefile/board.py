"""What was pressed for on a case beside the ladder, and what the actor may press now (article 12, R69, R74)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, may
from engine.casefile.file import CaseFile
from engine.catalogue import scopes, supervision_operations
from engine.catalogue.act import Act
from engine.handlings.models import Handling
from engine.organisation.models import Organisation
from engine.supervision.models import Slip
from engine.supervision.operations import of_case


@dataclass(frozen=True)
class Listed:
    """A slip with the names; `mine`: the actor's unit has still to answer it."""

    slip: Slip
    issuer: str
    unit: str
    mine: bool


@dataclass(frozen=True)
class Board:
    """The slips of a case in the order of issue, and the buttons of its page."""

    slips: Sequence[Listed]
    urged: int
    may_urge: bool
    may_order: bool
    may_opine: bool
    may_recall: bool
    recall_from: datetime | None

    @property
    def buttons(self) -> bool:
        """Is there anything to press?"""
        return self.may_urge or self.may_order or self.may_opine or self.may_recall

    @property
    def answers(self) -> Sequence[Listed]:
        """What the actor's unit has to answer."""
        return [row for row in self.slips if row.mine]


def board(session: Session, actor: Actor, file: CaseFile) -> Board:
    """For a case the actor has loaded: he may read it."""
    scope = scopes.case_scope(session, file.case)
    working = any(step.task.role == "answer" for step in file.steps)
    supervising = any(step.mine and step.task.role == "supervision" for step in file.steps)
    slips = of_case(session, file.case.id)
    since = _recall_from(session, actor, file) if working and may(actor, Verb.HANDLING_RECALL, scope) else None
    return Board(
        slips=_listed(session, actor, slips, may(actor, Verb.SUPERVISION_REPLY, scope)),
        urged=sum(slip.kind == "urge" for slip in slips),
        may_urge=working and may(actor, Verb.CASE_URGE, scope),
        may_order=working and not supervising and may(actor, Verb.SUPERVISION_ISSUE, scope),
        may_opine=working and may(actor, Verb.SUPERVISION_OPINE, scope),
        may_recall=since is not None and clock.now() >= since,
        recall_from=since,
    )


def _listed(session: Session, actor: Actor, slips: Sequence[Slip], answers: bool) -> list[Listed]:
    ids = {slip.unit_id for slip in slips} | {slip.organisation_id for slip in slips}
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids - {None}))
    names: dict[int, str] = dict(session.execute(query).all()) if slips else {}
    mine = {post.organisation_id for post in actor.posts} if answers else set()
    return [
        Listed(
            slip,
            names.get(slip.organisation_id or 0, "") or slip.author_name,
            names[slip.unit_id],
            slip.unit_id in mine and slip.kind != "urge" and slip.replied_at is None and slip.closed_at is None,
        )
        for slip in slips
    ]


def _recall_from(session: Session, actor: Actor, file: CaseFile) -> datetime | None:
    """From when the department that referred may take it back; None for others, and where a tier never does."""
    opened: list[Handling] = [row.handling for row in file.handlings if row.handling.state == "open"]
    if len(opened) != 1 or file.instance_id is None:
        return None
    if opened[0].department_id not in {post.organisation_id for post in actor.posts}:
        return None
    return supervision_operations.recall_from(Act(session, file.case, file.instance_id))
