"""第十二条 《意见建议办理情况跟踪明细帐》 and annex 2: every printed value is the case's (R78, R94–R116)."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, event, insert, select
from sqlalchemy.orm import Session

from engine import clock, config, db, printing, rating
from engine.cases.models import Case
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from engine.feedback.models import Feedback
from engine.ledger.models import LedgerEntry
from engine.organisation.models import Post
from engine.printing import fit, jobs
from engine.printouts.models import PrintJob
from tests import factories
from tests.people import Cast
from web.words import word

NAME = "㙍䶮𠮷某"  # R96: rare characters, char for char


def rated(session: Session, cast: Cast, **changes: str) -> Case:
    case = factories.handled(session, cast, **changes)
    for name in ("answered", "accepted", "rated_by_reporter", "rated_by_delegate", "rated_by_department"):
        factories.step(session, cast, case, name)
    return case


def spot(session: Session, cast: Cast) -> Case:
    answer = {"settlement": "on_the_spot", "spot_answer": "已当场修复。", "spot_grade": "very_satisfied"}
    case = factories.registered(session, cast, **answer)
    factories.step(session, cast, case, "signed")
    return case


def void(session: Session, cast: Cast) -> Case:
    case = factories.registered(session, cast)
    factories.act(session, cast, case, "delegate", "signature", decision="return", reason="重复。")
    factories.act(session, cast, case, "liaison", "amendment", decision="void", reason="重复登记。")
    return case


def test_r78_three_cases_three_pages(session: Session, cast: Cast) -> None:
    """当场答复 and 作废 lines included, in number order, every value equal to the case."""
    cases = [rated(session, cast, reporter_name=NAME), spot(session, cast), void(session, cast)]
    book = printing.book(session, cast.actor("liaison"), cast.studio.id, 2026)
    assert [page.case.id for page in book.pages] == [case.id for case in cases]
    first, second, third = book.pages
    feedback = session.scalars(select(Feedback)).one()
    assert (first.case.reporter_name, first.unit, first.result) == (
        NAME,
        cast.organisations["street_unit"].name,
        "solved",
    )
    assert (first.result_text, first.grade) == (feedback.text, "satisfied")
    assert first.ticks == (True, False, False)  # R105
    assert first.delegate is not None and first.delegate.name == first.case.delegate_name  # R113
    assert first.reporter is not None and first.reporter.name == NAME  # R112
    assert (second.unit, second.result_text, second.grade, second.ticks) == (
        "", "已当场修复。", "very_satisfied", (False, False, False),
    )  # fmt: skip
    assert (third.case.state, third.case.outcome_reason, third.grade) == ("void", "重复登记。", "")


def test_r112_a_reporter_who_could_not_be_reached(session: Session, cast: Cast, at: Callable[[str], object]) -> None:
    case = factories.handled(session, cast)
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    for day in ("2026-02-24", "2026-02-25", "2026-02-26"):
        at(f"{day} 10:00")
        rating.note_try(session, cast.actor("liaison"), case.id, "phone", "无人接听")
    factories.act(session, cast, case, "liaison", "rating_reporter", grade="unreachable", method="phone",
                  remark="三次去电无人接听")  # fmt: skip
    page = printing.annex2(session, cast.actor("street_clerk"), case.id)
    assert page.reporter is not None
    assert (page.reporter.name, page.reporter.note) == ("", "无法联系。三次去电无人接听")


def test_r108_the_accepted_answer_counts(session: Session, cast: Cast, at: Callable[[str], object]) -> None:
    """An answer that was returned is not the feedback of the page; the next one is."""
    case = factories.handled(session, cast)
    factories.step(session, cast, case, "answered")
    factories.act(session, cast, case, "street_clerk", "feedback_check", decision="return", opinion="没有写明时间。")
    assert printing.annex2(session, cast.actor("liaison"), case.id).answered_on is None
    at("2026-02-24 10:00")
    factories.act(session, cast, case, "unit_clerk", "answer", decision="answer", result="planned", contact="陈城管",
                  text="列入明年第一季度计划。")  # fmt: skip
    at("2026-02-25 10:00")
    factories.step(session, cast, case, "accepted")
    at("2026-02-26 10:00")
    page = printing.annex2(session, cast.actor("liaison"), case.id)
    assert (page.result, page.result_text) == ("planned", "列入明年第一季度计划。")
    assert page.answered_on == date(2026, 2, 24), "the day the unit answered, not that of the check, nor today"


def test_each_reads_the_ledgers_of_its_area(session: Session, cast: Cast) -> None:
    case = rated(session, cast)
    for who in ("liaison", "street_clerk", "district_clerk", "city_clerk"):
        actor = cast.actor(who)
        assert [shelf.cases for shelf in printing.shelves(session, actor)[0]] == [1], who
        assert printing.annex2(session, actor, case.id).case.id == case.id
    for who in ("next_liaison", "second_street_clerk", "far_clerk"):
        assert printing.shelves(session, cast.actor(who)) == ([], 0)
        with pytest.raises(LianxinError):
            printing.book(session, cast.actor(who), cast.studio.id, 2026)
    for who in ("unit_clerk", "auditor", "delegate"):
        with pytest.raises(LianxinError):
            printing.annex2(session, cast.actor(who), case.id)


def test_tables_hold_what_the_case_holds_and_no_formula(session: Session, cast: Cast) -> None:
    trap = '=HYPERLINK("x","y")'
    case = rated(session, cast, reporter_name=NAME, summary=trap)
    book = printing.book(session, cast.actor("liaison"), cast.studio.id, 2026)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(printing.xlsx(book, word))).get_sheet_by_index(0).to_python()
    sheet = dict(zip(rows[0], rows[1], strict=True))
    assert list(sheet) == list(printing.COLUMNS)
    assert (sheet["性别"], sheet["性别代码"]) == ("男", 1)  # R97: 1, 2, 9
    assert (sheet["编号"], sheet["姓名"], sheet["内容摘要"], sheet["评定等级"]) == (case.number, NAME, trap, "满意")
    lines = list(csv.DictReader(io.StringIO(printing.csv(book, word).decode("utf-8-sig"))))
    assert (lines[0]["姓名"], lines[0]["内容摘要"], lines[0]["年龄"]) == (NAME, f"'{trap}", "46")


def test_r94_what_does_not_fit_goes_on_and_nothing_is_lost() -> None:
    text = "测" * 25 + "\n" + "ab" * 100 + "试" * 300
    head, rest = fit.split(text, 20, 5)
    assert head + rest == text
    assert head == "测" * 25 + "\n" + "ab" * 60
    assert fit.split("短", 20, 5) == ("短", "")
    for length in (1, 12, 20, 40, 90):
        cell = fit.cell("字" * length, 43.6)
        assert len(cell.shown + cell.rest) == length
    assert [fit.cell("字" * length, 43.6).size for length in (11, 12, 31)] == ["", "tight", "tiny"]


def test_r78_every_registered_form_has_its_line_in_the_ledger(session: Session, cast: Cast) -> None:
    """「在社区党代表工作室设立《意见建议办理情况跟踪明细帐》」: on-the-spot and void ones too (R32, R78)."""
    factories.handled(session, cast)
    spot = factories.registered(
        session, cast, settlement="on_the_spot", spot_answer="已当场修复。", spot_grade="satisfied"
    )
    factories.step(session, cast, spot, "signed")
    void = factories.registered(session, cast)
    factories.act(session, cast, void, "delegate", "signature", decision="return", reason="重复。")
    factories.act(session, cast, void, "liaison", "amendment", decision="void", reason="重复登记。")
    lines = session.scalars(select(LedgerEntry).order_by(LedgerEntry.sequence)).all()
    assert [(line.studio_id, line.year, line.sequence) for line in lines] == [
        (cast.studio.id, 2026, n) for n in (1, 2, 3)
    ]
    assert [spot.state, void.state] == ["closed", "void"]


def clones(session: Session, case: Case, count: int) -> None:
    """Further numbers of the same studio and year, with the same facts."""
    row = {column.key: getattr(case, column.key) for column in Case.__table__.columns if column.key != "id"}
    before = case.number.removesuffix(f"{case.sequence:03d}")
    numbers = reversed(range(case.sequence + 1, case.sequence + 1 + count))  # stored in another order than numbered
    session.execute(insert(Case), [row | {"sequence": n, "number": f"{before}{n:03d}"} for n in numbers])
    session.flush()


@pytest.fixture
def house(database: Engine, at: Callable[[str], object], tmp_path: Path) -> Any:
    """(begin, settings, ask, cast): transactions, a data folder of this test, a job ordered by somebody, the cast."""
    at("2026-02-13 10:00")
    cast = factories.prepared(database)
    settings = replace(config.load(), data_dir=tmp_path)

    def begin() -> Any:
        return db.transaction(database)

    def ask(who: str = "liaison") -> int:
        with begin() as session:
            return jobs.order(session, replace(cast, session=session).actor(who), cast.studio.id, 2026).id

    return begin, settings, ask, cast


def test_r115_the_whole_book_in_the_background(house: Any, at: Callable[[Any], object]) -> None:
    """12 cases → cover, index and 12 pages in number order, void ones too. A worker that dies costs one piece; there is
    one file; it goes after a week."""
    begin, settings, ask, cast = house
    with pytest.raises(Invalid):
        ask()  # an empty ledger
    with begin() as session:
        here = replace(cast, session=session)
        void(session, here)
        clones(session, factories.registered(session, here, reporter_name=NAME), 10)
    job_id = ask()
    assert ask() == job_id  # asked twice, printed once
    with begin() as session:
        taken = jobs._take(session)
        assert taken is not None and taken.count == 12
    assert jobs.work(begin, settings, 30) == 0  # somebody is printing; then that worker is killed
    later = clock.now() + jobs.LEASE + timedelta(seconds=1)
    at(later)
    with begin() as session:
        clones(
            session, session.scalars(select(Case).order_by(Case.sequence.desc()).limit(1)).one(), 1
        )  # not in this book
    assert jobs.work(begin, settings, 60) == 2  # the pages, then cover and index
    with begin() as session:
        job = session.get_one(PrintJob, job_id)
        assert (job.state, job.done, job.total) == ("printed", 12, 12)
        jobs._advance(session, taken, 0)  # the first worker was only slow: nothing is counted twice
        assert (job.state, job.done) == ("printed", 12)
        file = jobs.finished(settings, jobs.read(session, replace(cast, session=session).actor("liaison"), job_id))
        with pytest.raises(NotFound):
            jobs.read(session, replace(cast, session=session).actor("street_clerk"), job_id)
    assert [path.name for path in jobs.folder(settings).iterdir()] == [file.name]
    pages = ["".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(file)]
    assert len(pages) == 14
    assert "共12件" in pages[0] and "目录" in pages[1] and "作废" in pages[1]
    for number, page in enumerate(pages[2:], start=1):
        assert f"2026{number:03d}" in page and f"第{number}页，共12页" in page
        assert number == 1 or NAME in page
    at(later + jobs.KEPT + timedelta(days=1))
    assert jobs.tidy(begin, settings) == 1 and not file.exists()


def test_r115_who_may_no_longer_read_the_ledger_gets_no_book(house: Any) -> None:
    begin, settings, ask, cast = house
    with begin() as session:
        factories.registered(session, replace(cast, session=session))
    job_id = ask()
    with begin() as session:
        for post in session.scalars(select(Post).where(Post.person_id == cast.id("liaison"))):
            session.delete(post)
    assert jobs.work(begin, settings, 30) == 0
    with begin() as session:
        job = session.get_one(PrintJob, job_id)
        assert job.state == "broken" and job.problem
        with pytest.raises(Conflict):
            jobs.finished(settings, job)


def test_r78_a_year_of_500_cases(session: Session, cast: Cast) -> None:
    """A page of the list asks a handful of questions however long the ledger is; the table has all of it."""
    clones(session, rated(session, cast), 499)
    asked: list[str] = []

    def count(*call: Any) -> None:
        asked.append(call[2])

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", count)
    actor = cast.actor("liaison")
    asked.clear()
    book = printing.book(session, actor, cast.studio.id, 2026, 100, 100)
    assert (len(book.pages), book.total, book.pages[0].case.sequence) == (100, 500, 101)
    assert len(asked) <= 10
    table = printing.xlsx(printing.book(session, actor, cast.studio.id, 2026), word)
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(table)).get_sheet_by_index(0).to_python()) == 501
    event.remove(engine, "before_cursor_execute", count)
