"""One page of 《意见建议办理情况跟踪明细帐》 (annex 2): every value is the case's, none is typed again (R95–R114)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, defer, undefer

from engine import access, clock
from engine.access import Actor, CaseScope, Verb
from engine.cases.models import Case, Signature
from engine.cases.signing import METHODS
from engine.errors import NotFound
from engine.feedback.models import Feedback
from engine.handlings.models import Handling
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation, Place
from engine.printing import fit
from engine.printing.reporter import Reporter, shown
from engine.ratings.models import Opinion, Rating, RatingCorrection

# characters and lines of a box at 10.5 pt, and the characters its label takes; one character less than there is room
# for, because a line does not begin with a comma
SUMMARY = (36, 9, 5)  # 内容摘要 (142 mm × 50 mm)
RESULT = (30, 7, 5)  # 办理结果 (118 mm × 40 mm)
WRITTEN = frozenset({"drawn", "scan", "click", "online", "paper"})  # a name or a hand stands for itself
# millimetres inside the cells of the grid
CELLS = {
    "姓名": 15.6, "单位": 43.6, "单位地址": 49.6, "住址": 43.6, "住址电话": 49.6, "党代表姓名": 15.6, "职务": 11.6,
    "联系方式": 49.6, "承办单位": 43.6, "反映人签名": 43.6, "市党代表签名": 43.6, "街道组织部门负责人签名": 43.6,
}  # fmt: skip


@dataclass(frozen=True)
class Signed:
    """A party's hand under the rating: who, when; `note` when there is none (无法联系 and why, R112)."""

    name: str
    on: date | None
    note: str = ""
    image: bytes | None = None  # the hand itself, drawn on a screen or scanned (PNG)


@dataclass(frozen=True)
class Annex2:
    """The page of one case. Grades and results are codes; days are dates of Shenzhen; texts are split where the box
    on paper ends. Until a step has happened its part is empty."""

    case: Case
    person: Reporter  # 反映人情况 as this reader may see it (R99)
    street: str
    form_signed: Signed | None  # the delegate's signature under the form (R106)
    unit: str  # of the accepted answer (R107)
    answered_on: date | None  # when it was delivered (R108)
    result: str  # R109
    result_text: str
    grade: str  # R111
    reporter: Signed | None
    delegate: Signed | None
    department: Signed | None
    earlier: Sequence[str] = ()  # grades of the rounds before the last: 评价1 of a case that was handled again (R83)
    corrected: str = ""  # why the registered grade was corrected (R116)

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
    def signed_on(self) -> date | None:
        """When the delegate signed the form."""
        return self.form_signed.on if self.form_signed else None

    @property
    def lost(self) -> str:
        """Why there is no answer: 作废 or 终止, with the reason."""
        return self.case.outcome_reason if self.case.outcome in ("void", "terminated") else ""

    @property
    def summary_parts(self) -> tuple[str, str]:
        """内容摘要 in its box, and on the continuation page."""
        return fit.split(self.case.summary, *SUMMARY)

    @property
    def result_parts(self) -> tuple[str, str]:
        """办理结果 in its box, and on the continuation page."""
        return fit.split(self.lost or self.result_text, *RESULT)

    @property
    def cells(self) -> dict[str, fit.Cell]:
        """The values of the grid's rows by their labels, each in the size that fits its cell."""
        person, case = self.person, self.case
        hands = (self.reporter, self.delegate, self.department)
        values = (
            person.name, person.employer, person.employer_address, person.address, person.address_phone,
            case.delegate_name, case.delegate_title, case.delegate_contact, self.unit,
            *(hand.note if hand else "" for hand in hands),
        )  # fmt: skip
        return {name: fit.cell(value, CELLS[name]) for name, value in zip(CELLS, values, strict=True)}

    @property
    def continued(self) -> list[tuple[str, str]]:
        """What did not fit: (label, the rest)."""
        parts = [(label, found.rest) for label, found in self.cells.items()]
        parts += [("内容摘要", self.summary_parts[1]), ("办理结果", self.result_parts[1])]
        return [(label, rest) for label, rest in parts if rest]


def annex2(session: Session, actor: Actor, case_id: int) -> Annex2:
    """The ledger page of one case; NotFound outside the ledgers the actor may read."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    access.require(actor, Verb.LEDGER_READ, organisation.organisation_scope(session, case.studio_id))
    return pages(session, actor, [case], images=True)[0]


def pages(session: Session, actor: Actor, cases: Sequence[Case], *, images: bool = False) -> list[Annex2]:
    """The pages of cases of a ledger the actor may read, in their order; a handful of statements however many there
    are. `images`: with the signatures as they were drawn, for paper."""
    ids = [case.id for case in cases]
    answers = _answers(session, ids)
    hands = _hands(session, ids, images)
    opinions = _opinions(session, [handling.id for _feedback, handling, _unit in answers.values()])
    streets = _streets(session, {case.street_id for case in cases})
    rated = _rated(session, ids)
    found = [
        _page(case, _person(actor, case), _street(case, streets[case.street_id]), hands, answers.get(case.id), opinions)
        for case in cases
    ]
    return [replace(page, earlier=rated[page.case.id][0], corrected=rated[page.case.id][1])
            if page.case.id in rated else page for page in found]  # fmt: skip


def _rated(session: Session, case_ids: list[int]) -> dict[int, tuple[tuple[str, ...], str]]:
    """Of cases rated twice or corrected: the grades before the last, and why the last one was corrected."""
    rows = session.execute(
        select(Rating.case_id, Rating.id, Rating.grade).where(_within(Rating.case_id, case_ids)).order_by(Rating.id)
    ).all()
    query = select(RatingCorrection).where(_within(RatingCorrection.case_id, case_ids))
    newest = {row.rating_id: row for row in session.scalars(query.order_by(RatingCorrection.version))}
    found: dict[int, list[tuple[int, str]]] = {}
    for case_id, rating_id, grade in rows:
        stands = newest[rating_id].grade if rating_id in newest else grade
        found.setdefault(case_id, []).append((rating_id, stands))
    return {
        case_id: (
            tuple(grade for _, grade in rounds[:-1]),
            newest[rounds[-1][0]].reason if rounds[-1][0] in newest else "",
        )
        for case_id, rounds in found.items()
        if len(rounds) > 1 or rounds[-1][0] in newest
    }


def _person(actor: Actor, case: Case) -> Reporter:
    """Who reads a ledger is decided by studio and place: nobody has to ask who took part in each case."""
    return shown(actor, case, CaseScope(case.studio_id, case.street_id, case.district_id, case.delegate_person_id))


def _street(case: Case, now: str) -> str:
    """The street as the number names it: renaming one does not change what was printed (R34, R95)."""
    community = case.studio_name.removesuffix("党代表工作室")
    before, found, _rest = case.number.partition(f"{community}{case.year}")
    return before if found and before else now


Answer = tuple[Feedback, Handling, str]
Hands = dict[tuple[int, str, str], Signature]  # by case, purpose and party


def _page(
    case: Case,
    person: Reporter,
    street: str,
    hands: Hands,
    answer: Answer | None,
    opinions: dict[tuple[int, str], Opinion],
) -> Annex2:
    feedback, handling, unit = answer or (None, None, "")
    spot = case.settlement == "on_the_spot"
    rated = handling.id if handling else 0
    votes = {
        party: _vote(opinions.get((rated, party)), hands.get((case.id, "rating", party)))
        for party in ("reporter", "delegate", "department")
    }
    signed = hands.get((case.id, "registration", "delegate"))
    return Annex2(
        case=case,
        person=person,
        street=street,
        form_signed=Signed(signed.name, _day(signed.signed_at), image=_image(signed)) if signed else None,
        unit=unit,
        answered_on=_day(feedback.delivered_at) if feedback else None,
        result=feedback.result if feedback else "",
        result_text=feedback.text if feedback else case.spot_answer if spot else "",
        grade=case.grade or (case.spot_grade if spot else ""),
        reporter=votes["reporter"],
        delegate=votes["delegate"],
        department=votes["department"],
    )


def _vote(opinion: Opinion | None, hand: Signature | None) -> Signed | None:
    """A party's line under the rating: its hand, its name, or why there is none (R112)."""
    if opinion is None:
        return None
    on = clock.local(opinion.at).date()
    if opinion.grade == "unreachable" and (hand is None or hand.method == "unreachable"):
        return Signed("", on, f"无法联系。{opinion.remark}")
    if hand is None or hand.signed_at < opinion.at:
        return Signed(opinion.name, on)
    witness = f"见证人：{hand.witness}" if hand.witness else ""
    note = "；".join(part for part in (METHODS.get(hand.method, ""), hand.note, witness) if part)
    return Signed(hand.name, _day(hand.signed_at), "" if hand.method in WRITTEN else note, _image(hand))


def _image(hand: Signature) -> bytes | None:
    return hand.image if "image" in hand.__dict__ else None


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
    found: dict[int, list[Answer]] = {}
    for feedback, handling, unit in session.execute(query):
        found.setdefault(feedback.case_id, []).append((feedback, handling, unit))
    return {case_id: _together(answers) for case_id, answers in found.items()}


def _together(answers: list[Answer]) -> Answer:
    """The last answer; of sub-items the last of each under one another, with its unit (R58)."""
    items = {handling.item: (feedback, unit) for feedback, handling, unit in answers if handling.item}
    last, handling, _unit = answers[-1]
    if not handling.item or len(items) == 1:
        return answers[-1]
    text = "\n".join(f"（{item}）{name}：{said.text}" for item, (said, name) in sorted(items.items()))
    units = "、".join(dict.fromkeys(name for _item, (_said, name) in sorted(items.items())))
    return Feedback(text=text, result=last.result, delivered_at=last.delivered_at), handling, units


def _hands(session: Session, case_ids: list[int], images: bool) -> Hands:
    """The newest signature of each party; under the form only one for the content as it stands (R43: an older one is
    none)."""
    valid = or_(Signature.purpose != "registration", Signature.content_hash == Case.content_hash)
    query = (
        select(Signature).join(Case, Case.id == Signature.case_id).where(_within(Signature.case_id, case_ids), valid)
    )
    query = query.order_by(Signature.id).options(undefer(Signature.image) if images else defer(Signature.image))
    return {(row.case_id, row.purpose, row.party): row for row in session.scalars(query)}


def _opinions(session: Session, handling_ids: list[int]) -> dict[tuple[int, str], Opinion]:
    query = select(Opinion).where(_within(Opinion.handling_id, handling_ids))
    return {(row.handling_id, row.party): row for row in session.scalars(query)}


def _streets(session: Session, ids: set[int]) -> dict[int, str]:
    query = select(Place.id, Place.name).where(_within(Place.id, ids))
    return {row.id: row.name for row in session.execute(query)}
