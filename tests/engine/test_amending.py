"""Notices and parameters: proposed, previewed, released by another person, carried through (R72, R73, R88)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, delete, func, select

from engine import amending, db, deadlines
from engine.amending.checking import Draft
from engine.amending.reading import decoded, read, written
from engine.amendments.models import Amendment, AmendmentMove
from engine.calendar import FACTORY, Calendar
from engine.errors import Conflict, Forbidden, Invalid
from engine.handlings.models import Handling
from engine.notices.models import Notice
from engine.parameters import queries as parameters
from engine.work.models import History, Incident, Task
from engine.workdays.factory import read_rows
from engine.workdays.models import MissingYear, WorkdayRow
from tests import factories

NUMBER, ISSUED = "国办发明电〔2019〕3号", date(2019, 3, 22)
TEXT = "国办发明电〔2019〕3号\n2019年5月1日（周三）至4日（周六）放假调休，共4天。4月28日（周日）、5月5日（周日）上班。"
DAYS = dict.fromkeys((date(2019, 5, 1), date(2019, 5, 2), date(2019, 5, 3), date(2019, 5, 4)), "off") | {
    date(2019, 4, 28): "work", date(2019, 5, 5): "work",
}  # fmt: skip


def notice(number: str = NUMBER, days: object = None, scope: str = "national", issued: date = ISSUED) -> Draft:
    return Draft(number, issued, scope, days if days is not None else DAYS)  # type: ignore[arg-type]


def test_a_notice_that_was_missing_moves_open_limits_and_leaves_finished_ones(
    database: Engine, at: Callable[[str], object]
) -> None:
    at("2019-03-15 09:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        session.execute(delete(WorkdayRow).where(WorkdayRow.notice == NUMBER))
        done = factories.handled(session, cast, reflected_on="2019-03-14")
        for name in ("answered", "accepted"):
            factories.step(session, cast, done, name)
        case = factories.handled(session, cast, reflected_on="2019-03-14")
        session.get_one(Handling, session.scalar(select(func.max(Handling.id)))).extended = True
        task = factories.open_task(session, case, "answer")
        deadlines.recompute(session, task.instance_id, "延期")
        assert task.due_on == date(2019, 4, 29)
        before = list(session.scalars(select(History.id).where(History.case_id == done.id)))
    at("2019-03-25 10:00")
    with db.transaction(database) as session:
        here = replace(cast, session=session)
        clerk, head = here.actor("city_clerk"), here.actor("city_head")
        proposed = amending.propose_notice(session, clerk, notice())
        shown = amending.desk.amendment(session, head, proposed.id)
        assert [(row[1], row[2], row[3]) for row in shown.moves if row[0].role == "limit"] == [
            (case.number, date(2019, 4, 29), date(2019, 4, 28))
        ]
        assert session.get_one(Task, task.id).due_on == date(2019, 4, 29), "a preview changes nothing"
        with pytest.raises(Conflict, match="两个人"):
            amending.release(session, clerk, proposed.id)
        with pytest.raises(Forbidden):
            amending.release(session, here.actor("district_head"), proposed.id)
        released = amending.release(session, head, proposed.id)
        assert (released.state, released.failed) == ("done", 0)
        session.expire_all()
        assert session.get_one(Task, task.id).due_on == date(2019, 4, 28)
        line = session.scalars(
            select(History).where(History.act == "deadline_moved").order_by(History.id.desc())
        ).first()
        assert (line.case_id, line.data) == (case.id, {"old": "2019-04-29", "new": "2019-04-28"})
        assert NUMBER in line.opinion and "申部长" in line.opinion
        assert any("上班" in sentence for sentence in released.effects)
        assert list(session.scalars(select(History.id).where(History.case_id == done.id))) == before
        told = session.scalars(select(Notice).where(Notice.kind == "deadline_moved")).all()
        assert {row.case_id for row in told} == {case.id} and len(told) == 2
        with pytest.raises(Invalid, match="已经发布"):
            amending.propose_notice(session, clerk, notice())
        with pytest.raises(Conflict):
            amending.release(session, head, proposed.id)


def test_a_killed_recomputation_goes_on_where_it_was(
    database: Engine, at: Callable[[str], object], monkeypatch
) -> None:
    at("2026-03-02 09:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        ids = [factories.handled(session, cast).id for _ in range(4)]
    monkeypatch.setattr("engine.amending.releasing.STEP", 1)
    monkeypatch.setattr("engine.amending.examining.STEP", 1)
    monkeypatch.setattr("engine.amending.releasing.AT_ONCE", -1.0)
    with db.transaction(database) as session:
        here = replace(cast, session=session)
        storm = notice("深府办〔2026〕7号", {date(2026, 3, 9): "off"}, "city", date(2026, 3, 1))
        one = amending.propose_notice(session, here.actor("city_clerk"), storm)
        assert amending.release(session, here.actor("city_head"), one.id).state == "released"
    counted = iter((True, True, False))
    amending.tend(lambda: db.transaction(database), lambda: next(counted, False))
    with db.reading(database) as session:
        assert session.get_one(Amendment, one.id).state == "released"
    amending.tend(lambda: db.transaction(database), lambda: True)
    with db.reading(database) as session:
        assert session.get_one(Amendment, one.id).state == "done"
        moved = select(History.case_id).where(History.act == "deadline_moved").order_by(History.case_id)
        assert list(session.scalars(moved)) == ids, "each once"
        assert {row.due_on for row in session.scalars(select(Task).where(Task.role == "answer"))} == {date(2026, 3, 17)}
        assert session.scalar(select(func.count()).select_from(AmendmentMove).where(AmendmentMove.role == "limit")) == 4


def test_parameters_keep_running_cases_and_never_exceed_article_11(
    database: Engine, at: Callable[[str], object]
) -> None:
    at("2026-06-30 09:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        case = factories.handled(session, cast)
        clerk, head = cast.actor("city_clerk"), cast.actor("city_head")
        for name, value, words in (("answer_limit", 11, "第十一条"), ("extended_answer_limit", 31, "第十一条"),
                                   ("second_reminder", 5, "首次催办"), ("nothing", 3, "没有这个参数")):  # fmt: skip
            with pytest.raises(Invalid, match=words):
                amending.propose_parameter(session, clerk, name, value, date(2026, 7, 1), "试行")
        with pytest.raises(Forbidden):
            amending.propose_parameter(
                session, cast.actor("procedure_administrator"), "answer_limit", 8, date(2026, 7, 1), "x"
            )
        change = amending.propose_parameter(session, clerk, "answer_limit", 8, date(2026, 7, 1), "提高办理效率")
        assert amending.desk.amendment(session, head, change.id).total == 0
        amending.release(session, head, change.id)
        assert factories.open_task(session, case, "answer").due_on == date(2026, 7, 14)
        early = amending.propose_parameter(session, clerk, "answer_limit", 9, date(2026, 6, 30), "更正")
        limits = [row for row in amending.desk.amendment(session, head, early.id).moves if row[0].role == "limit"]
        assert [(row[2], row[3]) for row in limits] == [(date(2026, 7, 14), date(2026, 7, 13))]
    at("2026-07-01 09:00")
    with db.transaction(database) as session:
        here = replace(cast, session=session)
        assert factories.open_task(session, factories.handled(session, here), "answer").due_on == date(2026, 7, 13)
        assert parameters.value(session, "answer_limit", date(2026, 6, 30)) == 10


def test_a_missing_year_is_asked_for_once_and_warned_of_once(database: Engine, at: Callable[[str], object]) -> None:
    with db.transaction(database) as session:
        at("2026-10-24 10:00")
        factories.install(session)
        said = []
        for day in ("2026-10-24", "2026-10-25", "2026-10-26", "2026-11-20", "2026-12-01"):
            at(f"{day} 10:00")
            said.append(amending.missing.look(session))
        assert said == [0, 1, 0, 1, 0]
        assert [row.year for row in session.scalars(select(MissingYear))] == [2027]
        assert session.scalars(select(Incident)).one().cause == "calendar_missing"
        assert session.scalar(select(func.count()).select_from(Notice).where(Notice.kind.like("calendar_%"))) == 2


def test_every_annual_notice_is_plausible_and_reads_back() -> None:
    rows = read_rows(FACTORY)
    for one in Calendar(rows).notices():
        days = {row.date: row.kind for row in rows if (row.notice, row.issued) == (one.number, one.issued)}
        known = Calendar([row for row in rows if row.issued < one.issued])
        found = amending.checking.remarks(Draft(one.number, one.issued, "national", days), known, one.issued)
        assert [remark for remark in found if remark.level == "error"] == []
        if one.year:
            assert [remark.sentence for remark in found if "天数" in remark.sentence or "法定" in remark.sentence] == []
            less = {
                day: kind
                for day, kind in days.items()
                if kind == "off" or day != max(d for d in days if days[d] == "work")
            }
            again = amending.checking.remarks(Draft(one.number, one.issued, "national", less), known, one.issued)
            assert any("天数对不上" in remark.sentence for remark in again)
        assert read(written(days.items()), one.year or one.issued.year).days == days


def test_text_tables_and_calendar_files_are_read() -> None:
    found = read(TEXT, 2019)
    assert (found.days, found.number, found.wrong) == (DAYS, NUMBER, [])
    table = "date,kind\n" + "\n".join(f"{day},{'休' if kind == 'off' else '班'}" for day, kind in sorted(DAYS.items()))
    assert read(decoded(table.encode("gb18030")), 2019).days == DAYS
    events = "".join(
        f"BEGIN:VEVENT\r\nSUMMARY:劳动节 {word}\r\nDTSTART;VALUE=DATE:{first}\r\nDTEND;VALUE=DATE:{end}\r\nEND:VEVENT\r\n"
        for word, first, end in (
            ("休", "20190501", "20190505"),
            ("补班", "20190428", "20190429"),
            ("班", "20190505", "20190506"),
        )
    )
    feed = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}BEGIN:VEVENT\r\nSUMMARY:情人节\r\nDTSTART;VALUE=DATE:20190214\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    found = read(feed, 2019)
    assert found.days == DAYS and "1项日程" in found.left_out[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x \xe4\xbc\x91\r\nRRULE:FREQ=SECONDLY\r\nDTSTART:20260101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "第2行"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "已损坏"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * 1600, "1600项"),
        (b"x" * 300_000, "千字节"),
        (b"\x00\x01\xff\xfe\x80" * 50, "不是文本"),
        ("2026年2月30日放假".encode(), "第1行"),
        ("5月1日放假\n5月1日上班".encode(), "第2行"),
        ("2026年1月1日至12月31日放假".encode(), "超过40天"),
        ("6月1日".encode(), "没有写明"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_sentence(content: bytes, words: str) -> None:
    try:
        found = "；".join(read(decoded(content), 2026).wrong)
    except Invalid as refusal:
        found = refusal.message
    assert words in found


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (notice(days={}), "没有任何一天"),
        (notice(issued=date(2027, 1, 1)), "在今天之后"),
        (notice("", {date(2026, 3, 9): "off"}, "city", date(2026, 3, 1)), "文号"),
        (notice(days={date(2031, 3, 9): "off"}, issued=date(2026, 3, 1)), "年度不符"),
        (notice(days={date(2026, 3, 11): "work"}, issued=date(2026, 3, 1)), "本来不是周末"),
    ],
)
def test_implausible_notices_are_told(draft: Draft, words: str) -> None:
    found = amending.checking.remarks(draft, Calendar(read_rows(FACTORY)), date(2026, 3, 2))
    assert any(words in remark.sentence for remark in found), found
