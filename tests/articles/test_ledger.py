"""第十二条 《意见建议办理情况跟踪明细帐》 and annex 2: every printed value is the case's (R78, R94–R116)."""

import csv
import io
from collections.abc import Callable

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import printing, rating
from engine.cases.models import Case
from engine.errors import LianxinError
from engine.feedback.models import Feedback
from engine.printing import fit
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


def test_r112_a_reporter_who_could_not_be_reached(
    session: Session, cast: Cast, at: Callable[[str], object]
) -> None:
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


def test_r108_the_accepted_answer_counts(session: Session, cast: Cast) -> None:
    """An answer that was returned is not the feedback of the page; the next one is."""
    case = factories.handled(session, cast)
    factories.step(session, cast, case, "answered")
    factories.act(session, cast, case, "street_clerk", "feedback_check", decision="return", opinion="没有写明时间。")
    assert printing.annex2(session, cast.actor("liaison"), case.id).answered_on is None
    factories.act(session, cast, case, "unit_clerk", "answer", decision="answer", result="planned", contact="陈城管",
                  text="列入明年第一季度计划。")  # fmt: skip
    factories.step(session, cast, case, "accepted")
    page = printing.annex2(session, cast.actor("liaison"), case.id)
    assert (page.result, page.result_text) == ("planned", "列入明年第一季度计划。")
    assert page.answered_on is not None


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
    assert (sheet["编号"], sheet["姓名"], sheet["内容摘要"], sheet["评定等级"]) == (case.number, NAME, trap, "满意")
    lines = list(csv.DictReader(io.StringIO(printing.csv(book, word).decode("utf-8-sig"))))
    assert (lines[0]["姓名"], lines[0]["内容摘要"], lines[0]["年龄"]) == (NAME, f"'{trap}", "46")


def test_r94_what_does_not_fit_goes_on_and_nothing_is_lost() -> None:
    text = "测" * 25 + "\n" + "ab" * 100 + "试" * 300
    head, rest = fit.split(text, 20, 5)
    assert head + rest == text
    assert head == "测" * 25 + "\n" + "ab" * 60
    assert fit.split("短", 20, 5) == ("短", "")
