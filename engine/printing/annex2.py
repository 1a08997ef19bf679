"""One page of 《意见建议办理情况跟踪明细帐》 (annex 2): every value is the case's, none is typed again (R95–R114)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine import access, clock
from engine.access import Actor, Verb
from engine.cases.models import Case, Signature
from engine.errors import NotFound
from engine.feedback.models import Feedback
from engine.handlings.models import Handling
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation, Place
from engine.printing import fit
from engine.ratings.models import Opinion

SUMMARY = (37, 9)  # characters and lines of the box 内容摘要 (142 mm × 50 mm at 10.5 pt)
RESULT = (31, 7)  # 办理结果 (118 mm × 40 mm)


@dataclass(frozen=True)
class Signed:
    """A party's hand under the rating: who, when; `note` when there is none (无法联系 and why, R112)."""

    name: str
    on: date | None
    note: str = ""


@dataclass(frozen=True)
class Annex2:
    """The page of one case. Grades and results are codes; days are dates of Shenzhen; texts are split where the box
    on paper ends. Until a step has happened its part is empty."""

    case: Case
    street: str
    signed_on: date | None  # the delegate's signature under the form (R106)
    unit: str  # of the accepted answer (R107)
    answered_on: date | None  # when it was delivered (R108)
    result: str  # R109
    result_text: str
    grade: str  # R111
    reporter: Signed | None
    delegate: Signed | None
    department: Signed | None

    @property
    def ticks(self) -> tuple[bool, bool, bool]:
        """送街道组织部门 · 送区委组织部门 · 送市委组织部, each since the tier was reached (R105)."""
        case = self.case
        return case.sent_street_at is not None, case.sent_district_at is not None, case.sent_city_at is not None

    @property
    def on_the_spot(self) -> bool:
        """Answered by the delegate at once: no unit had a part in it (填表须知6)."""
        return self.case.settlement == "on_the_spot"

    @property
    def summary_parts(self) -> tuple[str, str]:
        """内容摘要 in its box, and on the continuation page."""
        return fit.split(self.case.summary, *SUMMARY)

    @property
    def result_parts(self) -> tuple[str, str]:
        """办理结果 in its box, and on the continuation page."""
        return fit.split(self.result_text, *RESULT)


def annex2(session: Session, actor: Actor, case_id: int) -> Annex2:
    """The ledger page of one case; NotFound outside the ledgers the actor may read."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    access.require(actor, Verb.LEDGER_READ, organisation.organisation_scope(session, case.studio_id))
    return pages(session, [case])[0]


def pages(session: Session, cases: Sequence[Case]) -> list[Annex2]:
    """The pages of cases the caller may read, in their order; a handful of statements however many there are."""
    ids = [case.id for case in cases]
    answers = _answers(session, ids)
    signed = _signed(session, ids)
    opinions = _opinions(session, [handling.id for _feedback, handling, _unit in answers.values()])
    streets = _streets(session, {case.street_id for case in cases})
    return [_page(case, streets[case.street_id], signed.get(case.id), answers.get(case.id), opinions) for case in cases]


Answer = tuple[Feedback, Handling, str]


def _page(
    case: Case, street: str, signed_at: datetime | None, answer: Answer | None, opinions: dict[tuple[int, str], Opinion]
) -> Annex2:
    feedback, handling, unit = answer or (None, None, "")
    spot = case.settlement == "on_the_spot"
    votes = {
        party: opinions.get((handling.id if handling else 0, party)) for party in ("reporter", "delegate", "department")
    }
    return Annex2(
        case=case,
        street=street,
        signed_on=_day(signed_at),
        unit=unit,
        answered_on=_day(feedback.delivered_at) if feedback else None,
        result=feedback.result if feedback else "",
        result_text=feedback.text if feedback else case.spot_answer if spot else "",
        grade=case.grade or (case.spot_grade if spot else ""),
        reporter=_vote(votes["reporter"]),
        delegate=_vote(votes["delegate"]),
        department=_vote(votes["department"]),
    )


def _vote(opinion: Opinion | None) -> Signed | None:
    if opinion is None:
        return None
    if opinion.grade == "unreachable":
        return Signed("", clock.local(opinion.at).date(), f"无法联系。{opinion.remark}")
    return Signed(opinion.name, clock.local(opinion.at).date())


def _day(moment: datetime | None) -> date | None:
    return clock.local(moment).date() if moment else None


def _within(column: InstrumentedAttribute[Any], ids: Iterable[int]) -> ColumnElement[bool]:
    return column.in_(list(ids))


def _answers(session: Session, case_ids: list[int]) -> dict[int, Answer]:
    """The accepted answer of each case; after a second handling the later one."""
    query = (
        select(Feedback, Handling, Organisation.name)
        .join(Handling, Handling.id == Feedback.handling_id)
        .join(Organisation, Organisation.id == Handling.unit_id)
        .where(_within(Feedback.case_id, case_ids), Feedback.state == "accepted")
        .order_by(Feedback.id)
    )
    return {row[0].case_id: (row[0], row[1], row[2]) for row in session.execute(query)}


def _signed(session: Session, case_ids: list[int]) -> dict[int, datetime]:
    """When the delegate signed the content as it stands now (R43: an older signature is none)."""
    query = select(Signature.case_id, Signature.signed_at).join(Case, Case.id == Signature.case_id)
    query = query.where(
        _within(Signature.case_id, case_ids), Signature.purpose == "registration", Signature.party == "delegate",
        Signature.content_hash == Case.content_hash,
    ).order_by(Signature.id)  # fmt: skip
    return {row.case_id: row.signed_at for row in session.execute(query)}


def _opinions(session: Session, handling_ids: list[int]) -> dict[tuple[int, str], Opinion]:
    query = select(Opinion).where(_within(Opinion.handling_id, handling_ids))
    return {(row.handling_id, row.party): row for row in session.scalars(query)}


def _streets(session: Session, ids: set[int]) -> dict[int, str]:
    query = select(Place.id, Place.name).where(_within(Place.id, ids))
    return {row.id: row.name for row in session.execute(query)}
