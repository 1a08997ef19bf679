"""A draft becomes the next version: what that changes, what stands in its way, and the act itself."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from engine import bpmn, clock, definitions
from engine.access import Actor, Verb, require
from engine.definitions import Change
from engine.drafting.checking import Checked, judged, waiting
from engine.drafting.files import files
from engine.drafting.holding import Editing, claim_revision, close, look
from engine.dryrun import Failure, failing, scenarios
from engine.errors import Conflict, NotFound
from engine.packages.difference import differences
from engine.packages.models import ArticleException, Package


@dataclass(frozen=True)
class Impact:
    """What publishing the draft would mean. `current`: the version new cases start with today; `running`: versions with
    open cases, and how many; `changes`: against `current`; `orphans`: exceptions without finding."""

    editing: Editing
    current: Package
    next_version: int
    running: Sequence[tuple[Package, int]]
    changes: Sequence[Change]
    findings: Sequence[Checked]
    exceptions: Sequence[ArticleException]
    orphans: Sequence[ArticleException]

    @property
    def blocking(self) -> list[Checked]:
        """The findings that keep it from being published."""
        return [one for one in self.findings if one.blocks]

    @property
    def publishable(self) -> bool:
        """Whether nothing stands in the way but, perhaps, a scenario (`failures`)."""
        return self.editing.changed and not self.blocking


def impact(session: Session, actor: Actor, key: str) -> Impact:
    """Everything a person should know before publishing. NotFound without a draft."""
    editing = look(session, actor, key)
    if editing is None:
        raise NotFound
    drawn = files(session, actor, key)
    versions = definitions.versions(session, actor, key)
    current = next((one.package for one in versions if one.current), versions[-1].package)
    found, asked = judged(session, key, drawn), waiting(session, key)
    met = {one.exception.id for one in found if one.exception is not None}
    return Impact(
        editing=editing, current=current, next_version=versions[0].package.version + 1,
        running=[(one.package, one.running) for one in versions if one.running],
        changes=_changes(session, current, drawn), findings=found, exceptions=asked,
        orphans=[row for row in asked if row.id not in met],
    )  # fmt: skip


@dataclass(frozen=True)
class Played:
    """The scenarios a draft breaks; `mark` names the files and the scenarios this was found with."""

    mark: str
    failures: Sequence[Failure]


def play(session: Session, actor: Actor, key: str) -> Played:
    """Play the scenarios on the draft, each on the real engine: takes seconds and is done before the act that
    publishes begins, because other writers would wait for it."""
    drawn = files(session, actor, key)
    return Played(_mark(session, key, drawn), failing(session, key, drawn))


def _mark(session: Session, key: str, drawn: dict[str, bytes]) -> str:
    known = [(one.id, one.starts_at, one.acts, one.expectations) for one in scenarios(session, key)]
    return hashlib.sha256(repr((sorted(drawn.items()), known)).encode()).hexdigest()


def _changes(session: Session, old: Package, drawn: dict[str, bytes]) -> list[Change]:
    """None where a file cannot even be read: the findings say so."""
    try:
        return differences(definitions.files(session, old.id), drawn)
    except bpmn.Refused:
        return []


def publish(
    session: Session, actor: Actor, key: str, reason: str, effective_from: date | None, revision: int | None = None,
    newest_id: int | None = None, played: Played | None = None,
) -> Package:  # fmt: skip
    """发布: the draft becomes the next version and is gone; refusals as in definitions.publish, where the check is.
    `revision` and `newest_id` are what the page showed: Stale when the draft was saved since, Conflict when a version
    was published since. `played` is believed when nothing changed since; else the scenarios are played here."""
    require(actor, Verb.DEFINITION_PUBLISH)
    claim_revision(session, actor, key, revision)
    newest = definitions.newest(session, key)
    if newest_id not in (None, newest.id):
        raise Conflict(
            f"刚刚发布了第 {newest.version} 版（{clock.local(newest.published_at):%H:%M}），请先看它的改动。"
        )
    drawn = files(session, actor, key)
    granted = [row for row in waiting(session, key) if row.state == "approved"]
    package = definitions.publish(
        session, key, drawn, reason, author=actor, effective_from=effective_from, exceptions=granted
    )
    fresh = played is not None and played.mark == _mark(session, key, drawn)
    if broken := played.failures if played and fresh else failing(session, key, drawn):
        names = "、".join(f"“{one.name}”" for one in broken)
        raise Conflict(f"推演情景{names}与这份草稿的结果不符，没有发布。{broken[0].sentence}请改草稿，或先修改情景。")
    close(session, actor, key)
    return package
