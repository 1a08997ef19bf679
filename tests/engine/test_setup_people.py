"""`lianxin import-people`, the first administrator, and the administrators' use cases."""

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import func, select

from engine.access import Verb, may
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.organisation import passwords, queries, tokens
from engine.organisation.models import Delegate, Person, Post
from engine.organisation.operations import PersonForm
from engine.setup import administration
from engine.setup.people import PeopleReport, import_people
from tests import people

HEADER = "姓名,登录名,手机,邮箱,单位,职责,职务,社区"
CLERK = "新经办,new.clerk,13800000001,a@b.cn,沙头角街道城管科,经办人,,"


@pytest.fixture
def load(cast: people.Cast, session, tmp_path: Path):
    """Import lines under the usual header."""

    def run(*lines: str, dry_run: bool = False, encoding: str = "utf-8") -> PeopleReport:
        (tmp_path / "people.csv").write_bytes("\n".join([HEADER, *lines]).encode(encoding))
        return import_people(session, tmp_path / "people.csv", dry_run)

    return run


def count(session) -> tuple[int, int, int]:
    return tuple(session.scalar(select(func.count()).select_from(table)) for table in (Person, Post, Delegate))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_people_get_their_posts(load, session, at, encoding: str) -> None:
    at("2026-03-05 09:00")
    report = load(
        CLERK,
        "新联络,new.liaison,,,沙头角社区党代表工作室,联络员,,",
        "新代表,new.delegate,13800000002,,,党代表,小学校长,沙头角社区、桥东社区",
        "新审计,new.auditor,,,系统管理,审计员,,",
        encoding=encoding,
    )
    assert (report.rows, report.people, report.posts, report.problems) == (4, 4, 4, ())
    person = session.scalars(select(Person).where(Person.login == "new.delegate")).one()
    actor = queries.actor(session, person.id)
    assert [p.name for p in queries.communities_of(session, actor.delegate_id)] == ["沙头角社区", "桥东社区"]
    liaison = session.scalars(select(Person).where(Person.login == "new.liaison")).one()
    assert queries.actor(session, liaison.id).posts[0].duty == "liaison"
    # the one before was relieved (R11)
    assert session.scalars(select(Post.ends_on).where(Post.duty == "liaison", Post.ends_on.is_not(None))).all() == [
        date(2026, 3, 4)
    ]


def test_running_twice_changes_nothing(load, session) -> None:
    lines = (CLERK, "新代表,new.delegate,,,,党代表,校长,沙头角社区")
    load(*lines)
    before = count(session)
    report = load(*lines)
    assert (report.people, report.posts, report.problems) == (0, 0, ())
    assert count(session) == before


def test_a_dry_run_does_everything_and_keeps_nothing(load, session) -> None:
    before = count(session)
    report = load(CLERK, "新代表,new.delegate,,,,党代表,校长,沙头角社区", dry_run=True)
    assert (report.people, report.posts, report.problems) == (2, 2, ())
    assert count(session) == before


BAD = [
    (",x1,,,沙头角街道城管科,经办人,,", "姓名", "请填写姓名"),
    ("甲,x 1,,,沙头角街道城管科,经办人,,", "登录名", "2至60个字符"),
    ("甲,x1,电话,,沙头角街道城管科,经办人,,", "手机", "只能包含数字"),
    ("甲,x1,,没有,沙头角街道城管科,经办人,,", "邮箱", "格式不正确"),
    ("甲,x1,,,没有这个科,经办人,,", "单位", "没有找到“没有这个科”"),
    ("甲,x1,,,,经办人,,", "单位", "不能为空"),
    ("甲,x1,,,沙头角街道城管科,科员,,", "职责", "“科员”不是承办单位的职责"),
    ("甲,x1,,,沙头角街道城管科,,,", "职责", "不能为空"),
    ("甲,x1,,,沙头角街道城管科,联络员,,", "职责", "没有“联络员”这一职责"),
    ("甲,liaison,,,沙头角街道城管科,经办人,,", "登录名", "已属于“李联络”"),
    ("王经办,street_clerk,,,系统管理,审计员,,", "职责", "不同的人"),
    ("甲,x1,,,,党代表,,", "社区", "不能为空"),
    ("甲,x1,,,,党代表,,某社区", "社区", "没有找到“某社区”"),
    ("甲,x1,,,,党代表,,中英街社区、桥东社区", "社区", "不相邻"),
    ("甲,x1,,,,党代表,,沙头角社区、桥东社区、中英街社区", "社区", "1个或2个"),
]


@pytest.mark.parametrize(("line", "column", "says"), BAD, ids=[f"{column}-{says}" for _, column, says in BAD])
def test_a_bad_row_is_named_and_nothing_is_kept(load, session, line: str, column: str, says: str) -> None:
    before = count(session)
    report = load(CLERK, line)
    assert [(p.line, p.column) for p in report.problems] == [(3, column)]
    assert says in report.problems[0].reason
    assert count(session) == before


def test_all_bad_rows_are_named_at_once(load) -> None:
    report = load(*(line for line, _, _ in BAD), dry_run=True)
    assert [p.line for p in report.problems] == list(range(2, 2 + len(BAD)))


def test_a_name_carried_twice_needs_its_street(load, cast: people.Cast, session) -> None:
    cast.places["鹏湾社区"].name = "桥东社区"
    session.flush()
    assert "前面加上街道名称" in load("甲,x1,,,,党代表,,桥东社区").problems[0].reason
    assert load("甲,x1,,,,党代表,,沙头角街道桥东社区").problems == ()


def test_a_workbook_with_numbers_dates_and_hostile_text(cast: people.Cast, session, tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "登录名", "手机", "单位", "职责", "任职日期"])
        sheet.write_row(1, 0, ["<script>alert(1)</script>", "hostile", 13800000001, "盐田区城管局", "负责人"])
        sheet.write_datetime(1, 5, date(2026, 1, 5), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_string(2, 0, '=HYPERLINK("http://x")')
        sheet.write_row(2, 1, ["formula", "", "盐田区城管局", "经办人"])
        sheet.write_row(4, 0, ["甲", "x 1", "", "盐田区城管局", "经办人"])  # line 4 is blank
    report = import_people(session, file, dry_run=True)
    assert [(p.line, p.column) for p in report.problems] == [(5, "登录名")]
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "登录名", "手机", "单位", "职责", "任职日期"])
        sheet.write_row(1, 0, ["<b>甲</b>", "hostile", 13800000001, "盐田区城管局", "负责人"])
        sheet.write_datetime(1, 5, date(2026, 1, 5), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_string(2, 0, "=1+1")
        sheet.write_row(2, 1, ["formula", "", "盐田区城管局", "经办人"])
    assert import_people(session, file).problems == ()
    rows = {p.login: p for p in session.scalars(select(Person))}
    assert (rows["hostile"].name, rows["hostile"].phone) == ("<b>甲</b>", "13800000001")
    assert rows["formula"].name == "=1+1"
    starts = session.scalars(select(Post.starts_on).where(Post.person_id == rows["hostile"].id)).one()
    assert starts == date(2026, 1, 5)


@pytest.mark.parametrize("content", [b"", "姓名,职责".encode(), b"PK\x03\x04 no workbook", b"\x00\x01"])
def test_a_file_that_is_none(cast: people.Cast, session, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f.xlsx").write_bytes(content)
    with pytest.raises(Invalid):
        import_people(session, tmp_path / "f.xlsx")


# ------------------------------------------------------------------------------------------- first administrator
def test_the_first_administrator_comes_through_a_link(session) -> None:
    older = administration.first_administrator_link(session)
    secret = administration.first_administrator_link(session)
    form = PersonForm("root", "管系统")
    with pytest.raises(Invalid):
        administration.create_first_administrator(session, older, form, "a-good-password")
    person = administration.create_first_administrator(session, secret, form, "a-good-password")
    assert may(queries.actor(session, person.id), Verb.PEOPLE_MANAGE)
    assert passwords.sign_in(session, "root", "a-good-password").person is person
    with pytest.raises(Conflict):
        administration.first_administrator_link(session)
    with pytest.raises(Conflict):
        administration.create_first_administrator(session, secret, PersonForm("two", "乙"), "a-good-password")


def test_a_link_from_before_is_void_once_there_is_an_administrator(cast: people.Cast, session) -> None:
    secret = tokens.issue(session, tokens.FIRST_ADMINISTRATOR)
    with pytest.raises(Conflict):
        administration.create_first_administrator(session, secret, PersonForm("x1", "甲"), "a-good-password")


# --------------------------------------------------------------------------------------------------------- pages
def test_an_administrator_adds_a_person_who_sets_a_password(cast: people.Cast, session) -> None:
    actor = cast.actor("system_administrator")
    person, secret = administration.add_person(session, actor, PersonForm("new", "新人"))
    assert passwords.sign_in(session, "new", "").person is None
    administration.set_password_by_link(session, secret, "my-new-password")
    assert passwords.sign_in(session, "new", "my-new-password").person is person
    with pytest.raises(Invalid):
        administration.set_password_by_link(session, secret, "my-new-password")
    reset = administration.reset_password(session, actor, person.id)
    assert administration.set_password_by_link(session, reset, "another-password") is person


def test_lists_are_searched_and_counted(cast: people.Cast, session) -> None:
    actor = cast.actor("system_administrator")
    everybody, total = administration.people(session, actor)
    assert len(everybody) == total == len(people.ROLES)
    found, total = administration.people(session, actor, " 王经 ")
    assert ([p.login for p in found], total) == (["street_clerk"], 1)
    assert administration.people(session, actor, "%")[1] == 0  # a percent sign is a percent sign
    units, total = administration.organisations(session, actor, "城管", "unit")
    assert total == len(units) == 4
    assert administration.people(session, actor, page=2) == ([], len(people.ROLES))
    view = administration.person(session, actor, cast.id("delegate"))
    assert (view.delegate.code, list(view.posts)) == ("D1", [])


@pytest.mark.parametrize("role", ["outsider", "street_head", "auditor", "procedure_administrator", "city_head"])
def test_nobody_else_manages_people_and_organisations(cast: people.Cast, session, role: str) -> None:
    actor, form, today = cast.actor(role), PersonForm("x1", "甲"), date(2026, 3, 5)
    person, unit = cast.id("unit_clerk"), cast.unit("street").id
    for call, *arguments in (
        (administration.people,),
        (administration.person, person),
        (administration.add_person, form),
        (administration.change_person, person, form),
        (administration.disable_person, person),
        (administration.enable_person, person),
        (administration.reset_password, person),
        (administration.appoint, person, unit, "head", today),
        (administration.end_post, 1, today),
        (administration.organisations,),
        (administration.organisation, unit),
        (administration.holders, unit),
        (administration.add_unit, cast.places["盐田区"].id, "某局", ""),
        (administration.change_organisation, unit, "某科"),
        (administration.disable_organisation, unit),
        (administration.enable_organisation, unit),
    ):
        with pytest.raises(Forbidden):
            call(session, actor, *arguments)


def test_departments_appoint_liaisons_in_their_area(cast: people.Cast, session, at) -> None:
    """R11 with R54."""
    at("2026-03-05")
    outsider = cast.id("outsider")
    with pytest.raises(NotFound):
        administration.appoint_liaison(
            session, cast.actor("second_street_head"), cast.studio.id, outsider, date(2026, 3, 5)
        )
    with pytest.raises(Forbidden):
        administration.appoint_liaison(session, cast.actor("unit_head"), cast.studio.id, outsider, date(2026, 3, 5))
    administration.appoint_liaison(session, cast.actor("street_head"), cast.studio.id, outsider, date(2026, 3, 5))
    assert queries.liaison_of(session, cast.studio.id) is cast.people["outsider"]
