"""Cases that may be about the same matter (§0 并案): for the liaison who types, and for the street that joins them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.cases import similarity
from engine.cases.models import Case, CaseLink

WINDOW = timedelta(days=30)
LOOKED_AT = 200
SHOWN = 5


@dataclass(frozen=True)
class Likely:
    """Another case that may be the same matter. `score` 0 to 1, `words` says it; `chosen`: somebody said 同一事项."""

    case: Case
    score: float
    words: str
    chosen: bool


def similar(
    session: Session, community_id: int, text: str, at: datetime, *, but: int = 0, chosen: Collection[int] = ()
) -> list[Likely]:
    """The cases of the community around `at` (30 days to either side) that resemble `text`, the most alike first; those
    in `chosen` come first in any case. At most five, and two statements whatever the number of cases."""
    asked = similarity.pairs(text)
    near = (
        select(Case)
        .where(
            Case.community_id == community_id, Case.registered_at > at - WINDOW, Case.registered_at < at + WINDOW,
            Case.id != but, Case.state != "void",
        )
        .order_by(Case.registered_at.desc(), Case.id.desc())
        .limit(LOOKED_AT)
    )  # fmt: skip
    found = list(session.scalars(near))
    missing = set(chosen) - {case.id for case in found}
    if missing:
        found += session.scalars(select(Case).where(Case.id.in_(missing), Case.community_id == community_id))
    return _ranked(found, asked, chosen)


def _ranked(cases: Iterable[Case], asked: frozenset[str], chosen: Collection[int]) -> list[Likely]:
    return _rated(cases, asked, chosen)[:SHOWN]


def resembling(session: Session, case: Case, others: Iterable[Case]) -> list[Likely]:
    """Those of `others` that may be the same matter, the most alike first; all of them, wherever they were said."""
    return _rated(others, similarity.pairs(f"{case.summary} {case.content}"), linked(session, case.id))


def _rated(cases: Iterable[Case], asked: frozenset[str], chosen: Collection[int]) -> list[Likely]:
    rated = []
    for case in cases:
        score = similarity.likeness(asked, similarity.pairs(f"{case.summary} {case.content}"))
        words, said = similarity.word(score), case.id in chosen
        if words or said:
            rated.append(Likely(case, score, words or "内容不同", said))
    return sorted(rated, key=lambda item: (not item.chosen, -item.score, -item.case.id))


def likely_duplicates(session: Session, case: Case) -> list[Likely]:
    """What may be the same matter as this case; what the liaison chose (from either side) comes first."""
    return similar(
        session, case.community_id, f"{case.summary} {case.content}", case.registered_at, but=case.id,
        chosen=linked(session, case.id),
    )  # fmt: skip


def linked(session: Session, case_id: int) -> Sequence[int]:
    """The cases somebody called the same matter as this one."""
    query = select(CaseLink.case_id, CaseLink.other_id).where(
        or_(CaseLink.case_id == case_id, CaseLink.other_id == case_id)
    )
    return [other if first == case_id else first for first, other in session.execute(query)]
