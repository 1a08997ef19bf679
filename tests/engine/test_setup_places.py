"""`lianxin import-places`: the published gazetteer as it is, its rough edges, and files with mistakes."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.errors import Invalid
from engine.organisation import queries
from engine.organisation.models import Adjacency, Organisation, Place
from engine.setup.gazetteer import community_name
from engine.setup.places import PlacesReport, import_places

HERE = Path(__file__).resolve().parents[2] / "processes" / "places"
PUBLISHED, RULES = HERE / "shenzhen.csv", HERE / "rules.toml"
HEADER = "district_code,district,street_code,street,community_code,community"
ONE = "440308,盐田区,440308003,沙头角街道,440308003006,沙头角居委会"
TWO = "440308,盐田区,440308003,沙头角街道,440308003004,中英街居委会"
PLAIN_RULES = '[city]\ncode = "440300"\nname = "深圳市"\n'


@pytest.fixture
def load(session, tmp_path: Path):
    """Import lines under the usual header with plain rules."""

    def run(*lines: str, rules: str = PLAIN_RULES, encoding: str = "utf-8", header: str = HEADER) -> PlacesReport:
        (tmp_path / "places.csv").write_bytes("\r\n".join([header, *lines, ""]).encode(encoding))
        (tmp_path / "rules.toml").write_text(rules, encoding="utf-8")
        return import_places(session, tmp_path / "places.csv", tmp_path / "rules.toml")

    return run


def names(session, tier: str) -> list[str]:
    return list(session.scalars(select(Place.name).where(Place.tier == tier).order_by(Place.code)))


def test_the_published_gazetteer(session) -> None:
    report = import_places(session, PUBLISHED, RULES)
    assert (report.read, report.communities, report.zones) == (788, 783, 5)
    assert (report.districts, report.streets) == (10, 74)  # nine published districts and 大鹏新区
    with PUBLISHED.open(encoding="utf-8") as file:
        published = {row["community_code"]: row["community"] for row in csv.DictReader(file)}
    stored = {p.code: p for p in session.scalars(select(Place).where(Place.tier == "community"))}
    assert {code: place.published_name for code, place in stored.items()} == published
    assert all(place.name.endswith("社区") and place.name.count("社区") == 1 for place in stored.values())
    assert session.scalar(select(func.count()).where(Organisation.kind == "studio")) == 783
    assert session.scalar(select(func.count()).where(Organisation.kind == "department")) == 85  # 74 + 10 + 1
    again = import_places(session, PUBLISHED, RULES)
    assert (again.changes, again.vanished) == (0, ())


def test_case_numbers_cannot_clash(session) -> None:
    """Street and community name make the number (填表须知1), so no two places share both."""
    import_places(session, PUBLISHED, RULES)
    pairs = session.execute(
        select(Place.name, Place.parent_id).where(Place.tier == "community").group_by(Place.name, Place.parent_id)
    ).all()
    streets = names(session, "street")
    assert len(pairs) == 788
    assert len(set(streets)) == len(streets)


def test_the_new_district_takes_its_streets(session) -> None:
    import_places(session, PUBLISHED, RULES)
    district = session.scalars(select(Place).where(Place.name == "大鹏新区")).one()
    assert {p.name for p in queries.children(session, district.id)} == {"葵涌街道", "大鹏街道", "南澳街道"}
    assert queries.department_of(session, district.id).name == "大鹏新区组织人事局"  # A24: no 区委 there
    community = session.scalars(select(Place).where(Place.code.startswith("440307010"))).first()
    assert queries.path(session, community.id).district is district


def test_zones_are_kept_without_studio(session) -> None:
    report = import_places(session, PUBLISHED, RULES)
    zones = session.scalars(select(Place).where(Place.zone, Place.tier == "community")).all()
    assert {z.name for z in zones} == {
        "福田保税区虚拟社区", "前海合作区虚拟社区", "深圳市宝安国际机场虚拟社区",
        "深圳盐田综合保税区虚拟社区", "深圳坪山综合保税区虚拟社区"}  # fmt: skip
    for zone in zones:
        assert zone.note
        assert any(zone.code in line for line in report.odd)
        assert session.scalar(select(Organisation.id).where(Organisation.place_id == zone.id)) is None
        assert session.scalar(select(Organisation.id).where(Organisation.place_id == zone.parent_id)) is None


def test_adjacency_is_symmetric_and_follows_the_rules_file(session, tmp_path: Path) -> None:
    import_places(session, PUBLISHED, RULES)
    ids = {name: session.scalars(select(Place.id).where(Place.name == name)).first()
           for name in ("沙头角社区", "中英街社区", "桥东社区")}  # fmt: skip
    assert queries.adjacent(session, ids["沙头角社区"], ids["中英街社区"])
    assert queries.adjacent(session, ids["中英街社区"], ids["沙头角社区"])
    assert not queries.adjacent(session, ids["中英街社区"], ids["桥东社区"])
    (tmp_path / "rules.toml").write_text(PLAIN_RULES, encoding="utf-8")
    report = import_places(session, PUBLISHED, tmp_path / "rules.toml")
    assert report.adjacent_changed == 2
    assert session.scalar(select(func.count()).select_from(Adjacency)) == 0
    assert any("大鹏新区" in line for line in report.vanished)  # no longer named: reported and kept


@pytest.mark.parametrize(
    ("published", "name"),
    [
        ("大塘龙社区居民委员会", "大塘龙社区"),
        ("花果山社区居委会", "花果山社区"),
        ("沙头角居委会", "沙头角社区"),
        ("某某居民委员会", "某某社区"),
        ("黄麻布社区居委", "黄麻布社区"),
        ("凤凰社区平湖墟居民委员会", "平湖墟社区"),
        ("杨美社区杨美居委会", "杨美社区"),
        ("象角塘社区", "象角塘社区"),
        ("某地", "某地"),
    ],
)
def test_suffixes(published: str, name: str) -> None:
    assert community_name(published)[0] == name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_encodings(load, session, encoding: str) -> None:
    load(ONE, TWO, encoding=encoding)
    assert names(session, "community") == ["中英街社区", "沙头角社区"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "440308,盐田区,440308003,沙头角街道,440308003006,桥东居委会",
            "第3行“社区代码”列：代码440308003006与第2行重复",
        ),
        ("440308,盐田区,440308003,沙头角街道,440308003005,沙头角居委会", "第3行“社区”列：与第2行的街道和社区同名"),
        ("440308,盐田区,440308003,,440308003004,中英街居委会", "第3行“街道”列：不能为空"),
        ("440308,盐田区,440308003,沙头角街道,44030800300,中英街居委会", "第3行“社区代码”列：“44030800300”不是12位数字"),
        ("440308,盐田区,440308003,沙头角街道,440308004001,中英街居委会", "第3行“社区代码”列"),
        ("440308,盐田区,440309003,沙头角街道,440309003001,中英街居委会", "第3行“街道代码”列"),
        (
            "440308,盐田,440308003,沙头角街道,440308003004,中英街居委会",
            "第3行“区”列：代码440308在第2行的名称是“盐田区”",
        ),
        ("440308,盐田区,440308003,沙头角街道,440308003004," + "长" * 61, "第3行“社区”列：名称超过60个字"),
        ("440308,盐田区,440308003,沙头角街道,440308003004", "第3行“社区”列：不能为空"),
        ('440308,盐田区,440308003,沙头角街道,440308003004,"中英街', "第3行不是正确的CSV"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_imported(load, session, line: str, says: str) -> None:
    with pytest.raises(Invalid) as refusal:
        load(ONE, line)
    assert says in refusal.value.message
    assert session.scalar(select(func.count()).select_from(Place)) == 0


def test_every_bad_line_is_named_at_once(load) -> None:
    with pytest.raises(Invalid) as refusal:
        load(ONE, ",,,,,x", ONE)
    assert [f"第{n}行" in refusal.value.message for n in (2, 3, 4)] == [True, True, True]  # 4 names line 2


@pytest.mark.parametrize("content", [b"", b"a,b\r\n1,2\r\n", b"\xff\xfe\x00\x01\x02", HEADER.encode()])
def test_a_file_that_is_none(session, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f.csv").write_bytes(content)
    with pytest.raises(Invalid):
        import_places(session, tmp_path / "f.csv", RULES)
    with pytest.raises(Invalid, match="无法读取"):
        import_places(session, tmp_path / "missing.csv", RULES)


@pytest.mark.parametrize(
    "rules",
    ["", "[city", '[city]\ncode="440300"',
     PLAIN_RULES + '[[adjacent]]\ncodes = ["440308003006", "440308003006"]',
     PLAIN_RULES + '[[adjacent]]\ncodes = ["440308003006"]'],
)  # fmt: skip
def test_bad_rules_are_refused(load, session, rules: str) -> None:
    with pytest.raises(Invalid, match="规则文件"):
        load(ONE, TWO, rules=rules)
    assert session.scalar(select(func.count()).select_from(Place)) == 0


@pytest.mark.parametrize(
    "rule",
    ['[[adjacent]]\ncodes = ["440308003006", "440308003999"]', '[[renames]]\ncode = "440308003999"\nname = "甲"'],
)
def test_a_rule_about_a_place_that_is_not_in_the_file_is_a_remark(load, session, rule: str) -> None:
    report = load(ONE, TWO, rules=PLAIN_RULES + rule)
    assert "440308003999" in report.odd[-1]
    assert "没有使用" in report.odd[-1]
    assert names(session, "community") == ["中英街社区", "沙头角社区"]


def test_renamed_and_vanished_rows_are_reported(load, session) -> None:
    load(ONE, TWO)
    report = load(ONE.replace("沙头角居委会", "沙头角新居委会"))
    assert report.changed == ("440308003006 沙头角社区：改名为沙头角新社区，公布名称由沙头角居委会改为沙头角新居委会",)
    assert report.organisations.renamed == ("沙头角社区党代表工作室 → 沙头角新社区党代表工作室",)
    assert report.vanished == ("440308003004 中英街社区",)
    assert names(session, "community") == ["中英街社区", "沙头角新社区"]


def test_a_name_given_by_an_administrator_survives_a_rename(load, session) -> None:
    load(ONE)
    studio = session.scalars(select(Organisation).where(Organisation.kind == "studio")).one()
    studio.name = "沙头角党员之家"
    load(ONE.replace("沙头角居委会", "沙头角新居委会"))
    assert studio.name == "沙头角党员之家"


def test_rules_rename(load, session) -> None:
    load(ONE, rules=PLAIN_RULES + '[[renames]]\ncode = "440308"\nname = "盐田新区"\n')
    assert names(session, "district") == ["盐田新区"]
    assert queries.department_of(session, session.scalars(
        select(Place.id).where(Place.tier == "district")).one()).name == "盐田新区组织人事局"  # fmt: skip
