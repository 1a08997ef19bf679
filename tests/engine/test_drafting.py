"""Drafts: one editor at a time, nothing lost, exceptions by two persons, and the way to the next version."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from engine import bpmn, config, db, definitions, drafting, dryrun
from engine.access import Actor
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.packages.models import ArticleException, Package, PackageDraftFile
from engine.work.models import Instance
from tests import factories, people

Clock = Callable[[str], object]
HANDLING = (config.ROOT / "processes" / "opinion" / "handling.bpmn").read_bytes()
LIMIT = b"working_days(received_on, extended_answer_limit if extended else answer_limit)</bpmn:timeDate>"
FILE, KEY, WHY = "handling.bpmn", "opinion", "试行满一年，修订"


def limited(number: str) -> bytes:
    """承办与反馈 with another limit of the answer."""
    assert HANDLING.count(LIMIT) == 1
    return HANDLING.replace(LIMIT, f"working_days(received_on, {number})</bpmn:timeDate>".encode())


@pytest.fixture
def cast(session: Session, at: Clock) -> people.Cast:
    at("2026-03-02 09:00")
    return factories.install(session)


@pytest.fixture
def first(cast: people.Cast) -> Actor:
    return cast.actor("procedure_administrator")


@pytest.fixture
def second(cast: people.Cast) -> Actor:
    return cast.actor("second_procedure_administrator")


# ------------------------------------------------------------------------------------------------ one editor at a time


def test_a_draft_begins_with_the_newest_version_and_is_saved_as_it_is_typed(
    session: Session, cast: people.Cast, first: Actor
) -> None:
    assert drafting.look(session, first, KEY) is None
    assert drafting.files(session, first, KEY)[FILE] == HANDLING
    editing = drafting.open_draft(session, first, KEY)
    assert (editing.based_on.version, editing.mine, editing.editor_name, editing.changed) == (1, True, "管流程", False)
    saved = drafting.save_file(session, first, KEY, FILE, limited("8"), editing.revision)
    assert (saved.revision, saved.changed) == (editing.revision + 1, True)
    saved = drafting.save_files(session, first, KEY, {"forms/new.json": b"{", FILE: HANDLING}, saved.revision)
    saved = drafting.save_file(session, first, KEY, "forms/new.json", None, saved.revision)
    assert not saved.changed
    assert definitions.files(session, 1)[FILE] == HANDLING
    drafting.discard(session, first, KEY)
    assert session.scalar(select(func.count()).select_from(PackageDraftFile)) == 0
    again = drafting.open_draft(session, first, KEY)
    assert again.revision > saved.revision, "a page left open could write into the next draft"
    for role in ("auditor", "system_administrator"):
        with pytest.raises(Forbidden):
            drafting.open_draft(session, cast.actor(role), KEY)
    assert drafting.look(session, cast.actor("auditor"), KEY) is not None
    with pytest.raises(NotFound):
        drafting.open_draft(session, first, "no_such")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("../handling.bpmn", b""), ("handling.bpmn\n", b""), ("forms/a/b.json", b""), ("run.py", b""), ("notices/a/x.txt", b""),
        (FILE, b"x" * (drafting.MAX_FILE + 1)),
    ],
)  # fmt: skip
def test_names_and_sizes_a_draft_cannot_have(session: Session, first: Actor, path: str, content: bytes) -> None:
    editing = drafting.open_draft(session, first, KEY)
    with pytest.raises(Invalid):
        drafting.save_file(session, first, KEY, path, content, editing.revision)


def test_a_package_has_a_size(session: Session, first: Actor) -> None:
    editing = drafting.open_draft(session, first, KEY)
    with pytest.raises(Invalid, match="一个流程最多"):
        drafting.save_files(
            session, first, KEY, {f"a{n}.bpmn": b" " * drafting.MAX_FILE for n in range(5)}, editing.revision
        )


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff", b"<!DOCTYPE x><x/>", b"[" * 100_000], ids=("empty", "binary", "doctype", "deep")
)
def test_whatever_bytes_are_kept_and_told_and_never_published(session: Session, first: Actor, data: bytes) -> None:
    editing = drafting.open_draft(session, first, KEY)
    changed = {FILE: data, "jurisdiction.dmn": data, "forms/answer.json": data, "notices/filed/subject.txt": data}
    drafting.save_files(session, first, KEY, changed, editing.revision)
    assert drafting.files(session, first, KEY)[FILE] == data
    found = {one.finding.file for one in drafting.findings(session, first, KEY) if one.blocks}
    assert {FILE, "jurisdiction.dmn", "forms/answer.json"} <= found
    assert not drafting.impact(session, first, KEY).publishable
    with pytest.raises(bpmn.Refused):
        drafting.publish(session, first, KEY, WHY, None)


def test_who_takes_over_is_named_and_nothing_is_overwritten(
    session: Session, first: Actor, second: Actor, at: Clock
) -> None:
    mine = drafting.open_draft(session, first, KEY)
    theirs = drafting.open_draft(session, second, KEY)
    assert (theirs.mine, theirs.editor_name) == (False, "管流程")
    with pytest.raises(drafting.Held, match="管流程"):
        drafting.save_file(session, second, KEY, FILE, limited("7"), mine.revision)
    taken = drafting.take_over(session, second, KEY)
    assert taken.mine
    for refused in (
        lambda: drafting.save_file(session, first, KEY, FILE, limited("8"), mine.revision),
        lambda: drafting.hold(session, first, KEY),
        lambda: drafting.discard(session, first, KEY),
        lambda: drafting.publish(session, first, KEY, WHY, None),
    ):
        with pytest.raises(drafting.Held, match="程流程"):
            refused()
    saved = drafting.save_file(session, second, KEY, FILE, limited("9"), taken.revision)
    with pytest.raises(drafting.Stale, match="另一个窗口"):  # the same person in a second window
        drafting.save_file(session, second, KEY, FILE, limited("6"), taken.revision)
    drafting.release(session, first, KEY)  # not his: nothing happens
    assert drafting.look(session, second, KEY).mine
    at("2026-03-02 09:04")
    drafting.hold(session, second, KEY)
    at("2026-03-02 09:08")
    assert not drafting.open_draft(session, first, KEY).mine
    at("2026-03-02 09:14")
    assert drafting.look(session, first, KEY).editor_name == ""
    assert drafting.open_draft(session, first, KEY).mine
    assert drafting.files(session, first, KEY)[FILE] == limited("9")
    drafting.release(session, first, KEY)
    assert drafting.save_file(session, second, KEY, FILE, limited("8"), saved.revision).mine, "free: who saves has it"


def test_of_several_who_open_and_save_at_once_one_wins_each_time(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        actors = [cast.actor("procedure_administrator"), cast.actor("second_procedure_administrator")]
    start, opened, saved = threading.Barrier(4), [], []

    def go(actor: Actor, number: int) -> None:
        start.wait()
        with db.transaction(database) as session:
            editing = drafting.open_draft(session, actor, KEY)
            opened.append(editing.editor_name)
        start.wait()
        try:
            with db.transaction(database) as session:
                drafting.save_file(session, actor, KEY, FILE, limited(str(number)), editing.revision)
            saved.append((actor.name, number))
        except (drafting.Held, drafting.Stale) as refusal:
            assert isinstance(refusal, drafting.Stale) == (actor.name == editing.editor_name)

    threads = [
        threading.Thread(target=copy_context().run, args=(go, actor, number))
        for number, actor in enumerate([*actors, *actors], start=1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(opened) == 4
    assert len(set(opened)) == 1, "two editors at once"
    assert len(saved) == 1, "one save was lost"
    with db.transaction(database) as session:
        assert drafting.files(session, actors[0], KEY)[FILE] == limited(str(saved[0][1]))
        assert drafting.look(session, actors[0], KEY).editor_name == saved[0][0]


# ------------------------------------------------------------------------------------------------ articles and exceptions


def test_only_what_breaks_an_article_may_be_let_pass_and_only_by_two(
    session: Session, cast: people.Cast, first: Actor, second: Actor
) -> None:
    editing = drafting.open_draft(session, first, KEY)
    assert [one for one in drafting.findings(session, first, KEY, {FILE: limited("8")}) if one.blocks] == []
    editing = drafting.save_file(session, first, KEY, FILE, limited("12"), editing.revision)
    (found,) = [one for one in drafting.findings(session, first, KEY) if one.blocks]
    assert (found.finding.code, found.finding.element, found.article) == ("article.11.days", "limit", 11)
    assert "12 个工作日" in found.finding.message
    assert "第十一条" in found.finding.message
    with pytest.raises(bpmn.Refused, match="第十一条"):
        drafting.publish(session, first, KEY, WHY, None)
    with pytest.raises(Invalid, match="为什么"):
        drafting.request_exception(session, first, KEY, "article.11.days", "limit", " ")
    asked = drafting.request_exception(session, first, KEY, "article.11.days", "limit", "市委批准试点")
    with pytest.raises(Conflict, match="管流程已对这一条"):
        drafting.request_exception(session, second, KEY, "article.11.days", "limit", "再来一次")
    with pytest.raises(Conflict, match="另一名"):
        drafting.approve_exception(session, first, asked.id)
    with pytest.raises(Forbidden):
        drafting.approve_exception(session, cast.actor("auditor"), asked.id)
    with pytest.raises(bpmn.Refused):
        drafting.publish(session, first, KEY, WHY, None)
    drafting.approve_exception(session, second, asked.id)
    assert drafting.impact(session, first, KEY).publishable
    # another limit is another finding: what was let pass was 12 days
    editing = drafting.save_file(session, first, KEY, FILE, limited("40"), editing.revision)
    shown = drafting.impact(session, first, KEY)
    assert not shown.publishable
    assert shown.orphans == [asked]
    with pytest.raises(bpmn.Refused):
        drafting.publish(session, first, KEY, WHY, None)
    editing = drafting.save_file(session, first, KEY, FILE, limited("12"), editing.revision)
    package = drafting.publish(session, first, KEY, WHY, None)
    (kept,) = definitions.exceptions(session, cast.actor("auditor"), [package.id])
    assert (kept.requested_by_name, kept.approved_by_name, kept.reason) == ("管流程", "程流程", "市委批准试点")
    # it was let pass once: the old files need two persons again
    definitions.restore(session, first, 1, "恢复")
    with pytest.raises(bpmn.Refused):
        definitions.restore(session, first, package.id, "再用")
    drafting.start_from(session, first, package.id)
    assert drafting.impact(session, first, KEY).blocking
    with pytest.raises(Conflict, match="已有一份草稿"):
        drafting.start_from(session, first, 1)


def test_a_diagram_that_cannot_run_is_never_let_pass(session: Session, first: Actor, second: Actor) -> None:
    editing = drafting.open_draft(session, first, KEY)
    broken = HANDLING.replace(b'lianxin:form="answer"', b'lianxin:form="lost"')
    drafting.save_file(session, first, KEY, FILE, broken, editing.revision)
    (found,) = [one for one in drafting.findings(session, first, KEY) if one.blocks]
    assert found.article is None
    with pytest.raises(Forbidden):
        drafting.request_exception(session, first, KEY, found.finding.code, found.finding.element, "请放行")
    row = ArticleException(
        key=KEY, code=found.finding.code, article=0, file=FILE, element_id=found.finding.element, reason="请放行",
        message=found.finding.message, state="approved", requested_by_id=first.person_id, requested_by_name="",
        approved_by_id=second.person_id,
    )  # fmt: skip
    with pytest.raises(bpmn.Refused):
        definitions.publish(session, KEY, drafting.files(session, first, KEY), WHY, author=first, exceptions=[row])


def test_a_withdrawn_exception_holds_no_longer(session: Session, first: Actor, second: Actor) -> None:
    editing = drafting.open_draft(session, first, KEY)
    drafting.save_file(session, first, KEY, FILE, limited("12"), editing.revision)
    asked = drafting.request_exception(session, first, KEY, "article.11.days", "limit", "试点")
    drafting.approve_exception(session, second, asked.id)
    drafting.withdraw_exception(session, first, asked.id)
    assert drafting.impact(session, first, KEY).blocking
    for act in (drafting.approve_exception, drafting.withdraw_exception):
        with pytest.raises(Conflict):
            act(session, second, asked.id)
    again = drafting.request_exception(session, second, KEY, "article.11.days", "limit", "试点")
    drafting.discard(session, first, KEY)
    session.refresh(again)
    assert (again.state, again.closed_by_name) == ("void", "管流程")


# ------------------------------------------------------------------------------------------------ publishing


def test_a_published_draft_is_the_next_version_and_running_cases_stay(
    session: Session, cast: people.Cast, first: Actor, at: Clock
) -> None:
    old = factories.registered(session, cast)
    editing = drafting.open_draft(session, first, KEY)
    with pytest.raises(Conflict, match="完全相同"):
        drafting.publish(session, first, KEY, WHY, None)
    saved = drafting.save_file(session, first, KEY, FILE, limited("8"), editing.revision)
    shown = drafting.impact(session, first, KEY)
    assert (shown.next_version, [(one.version, number) for one, number in shown.running]) == (2, [(1, 1)])
    assert any("工作日" in change.sentence for change in shown.changes if change.element == "limit")
    with pytest.raises(drafting.Stale):
        drafting.publish(session, first, KEY, WHY, None, revision=editing.revision)
    with pytest.raises(Invalid, match="理由"):
        drafting.publish(session, first, KEY, " ", None)
    package = drafting.publish(session, first, KEY, WHY, date(2026, 3, 9), revision=saved.revision, newest_id=1)
    assert (package.version, package.effective_from) == (2, date(2026, 3, 9))
    assert drafting.look(session, first, KEY) is None
    at("2026-03-09 09:00")
    new = factories.registered(session, cast)
    pinned = dict(session.execute(select(Instance.case_id, Package.version).join(Package)).all())
    assert (pinned[old.id], pinned[new.id]) == (1, 2)


def test_scenarios_played_before_count_for_that_very_draft_only(session: Session, first: Actor) -> None:
    """What was played outside the transaction is not played again in it, and never counts for another draft."""
    dryrun.import_factory(session, config.ROOT / "processes")
    editing = drafting.open_draft(session, first, KEY)
    saved = drafting.save_file(session, first, KEY, FILE, limited("8"), editing.revision)
    played = drafting.play(session, first, KEY)
    assert played.failures
    with pytest.raises(Conflict, match="推演情景"), session.begin_nested():
        drafting.publish(session, first, KEY, WHY, None, played=played)
    passed = replace(played, failures=[])
    drafting.save_file(session, first, KEY, FILE, limited("7"), saved.revision)
    with pytest.raises(Conflict, match="推演情景"), session.begin_nested():
        drafting.publish(session, first, KEY, WHY, None, played=passed)
    drafting.save_file(session, first, KEY, FILE, limited("8"), saved.revision + 1)
    assert drafting.publish(session, first, KEY, WHY, None, played=passed).version == 2


def test_a_draft_that_was_overtaken_says_so(session: Session, first: Actor, second: Actor) -> None:
    editing = drafting.open_draft(session, first, KEY)
    drafting.save_file(session, first, KEY, FILE, limited("8"), editing.revision)
    definitions.publish(session, KEY, definitions.files(session, 1) | {FILE: limited("9")}, WHY, author=second)
    seen = drafting.look(session, first, KEY)
    assert (seen.based_on.version, seen.overtaken.version) == (1, 2)
    with pytest.raises(Conflict, match="第 2 版"):
        drafting.publish(session, first, KEY, WHY, None, newest_id=1)
    assert drafting.publish(session, first, KEY, WHY, None, newest_id=2).version == 3
    drafting.open_draft(session, first, KEY)
    with pytest.raises(Conflict, match="草稿以第"):
        definitions.delete_version(session, first, 3)
