"""What is wrong with a draft, as publishing will see it, and which of it two persons have let pass."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn, definitions
from engine.access import Actor
from engine.catalogue import staffed
from engine.drafting.files import files
from engine.packages.models import ArticleException


@dataclass(frozen=True)
class Checked:
    """One finding. `article`: the one it cites, None when nobody can let it pass; `exception`: what was asked for or
    granted for it; `excepted`: granted, it no longer stands in the way. `mark` names the finding in an address."""

    finding: bpmn.Finding
    article: int | None = None
    exception: ArticleException | None = None
    excepted: bool = False

    @property
    def blocks(self) -> bool:
        """Whether it keeps the draft from being published."""
        return self.finding.severity == "error" and not self.excepted

    @property
    def mark(self) -> str:
        """Twelve hexadecimal digits, the same as long as the finding says the same."""
        one = self.finding
        return hashlib.sha256("\0".join((one.code, one.file, one.element, one.message)).encode()).hexdigest()[:12]


def findings(
    session: Session, actor: Actor, key: str, changed: Mapping[str, bytes | None] | None = None
) -> list[Checked]:
    """Everything wrong with the draft (the newest version when there is none) with `changed` laid over it: unsaved
    files by path, None for one that was removed. Errors first."""
    drawn: dict[str, bytes | None] = {**files(session, actor, key), **(changed or {})}
    return judged(session, key, {path: content for path, content in drawn.items() if content is not None})


def judged(session: Session, key: str, drawn: Mapping[str, bytes]) -> list[Checked]:
    """The findings on these files beside the open exceptions of the procedure."""
    rows = waiting(session, key)
    return [_one(finding, rows) for finding in definitions.check(key, drawn, people=staffed(session))]


def waiting(session: Session, key: str) -> Sequence[ArticleException]:
    """The exceptions asked for or granted for the draft, oldest first."""
    open_ones = ArticleException.state.in_(("requested", "approved"))
    return session.scalars(
        select(ArticleException).where(ArticleException.key == key, open_ones).order_by(ArticleException.id)
    ).all()


def means(row: ArticleException, finding: bpmn.Finding) -> bool:
    """Whether an exception was asked for exactly this finding."""
    same = (row.code, row.file, row.element_id) == (finding.code, finding.file, finding.element)
    return same and row.message == finding.message


def _one(finding: bpmn.Finding, rows: Sequence[ArticleException]) -> Checked:
    article = definitions.article_of(finding)
    asked = next((row for row in rows if article is not None and means(row, finding)), None)
    return Checked(finding, article, asked, asked is not None and definitions.covers(asked, finding))
