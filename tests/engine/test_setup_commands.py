"""The commands as an operator types them, on a database of their own."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from engine import db
from engine.cli import main
from tests import people

HERE = Path(__file__).resolve().parents[2] / "processes" / "places"


@pytest.fixture
def lianxin(database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run `lianxin ...` against the database of the test."""
    monkeypatch.setenv("DATABASE_URL", database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("LIANXIN_DATA", str(tmp_path))
    monkeypatch.delenv("LIANXIN_ENV", raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    return run


def test_places_twice(lianxin) -> None:
    first = lianxin("import-places", str(HERE / "shenzhen.csv"))
    assert first.exit_code == 0, first.output
    assert "读取788行：10个区（新区），74个街道，783个社区，5个特定区域" in first.output
    assert "黄麻布社区居委 → 黄麻布社区" in first.output
    second = lianxin("import-places", str(HERE / "shenzhen.csv"))
    assert "新增0处，变更0处，不再公布0处，相邻关系变动0对。" in second.output
    assert "新设机构0个" in lianxin("setup-organisations").output


def test_a_bad_file_leaves_no_traceback(lianxin, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    result = lianxin("import-places", str(tmp_path / "bad.csv"))
    assert result.exit_code == 2
    assert "缺少列" in result.output
    assert "Traceback" not in result.output


def test_people_with_and_without_mistakes(lianxin, database: Engine, tmp_path: Path) -> None:
    with db.transaction(database) as session:
        people.settle(session)
    file = tmp_path / "people.csv"
    file.write_text("姓名,登录名,单位,职责\n甲,jia,沙头角街道城管科,经办人\n乙,y y,沙头角街道城管科,经办人\n", "utf-8")
    result = lianxin("import-people", str(file), "--dry-run")
    assert result.exit_code == 1
    assert "第3行“登录名”列：" in result.output
    assert "共2行，1行有误，没有写入任何内容" in result.output
    file.write_text("姓名,登录名,单位,职责\n甲,jia,沙头角街道城管科,经办人\n", "utf-8")
    assert "检查通过" in lianxin("import-people", str(file), "--dry-run").output
    assert "已导入：新增1人，1项职务" in lianxin("import-people", str(file)).output
    assert "/password/" in lianxin("password-link", "JIA").output
    assert "没有登录名" in lianxin("password-link", "nobody").output


def test_the_first_administrator(lianxin, database: Engine) -> None:
    result = lianxin("first-administrator")
    assert result.exit_code == 0
    assert "/first-administrator/" in result.output
    with db.transaction(database) as session:
        session.execute(db.Base.metadata.tables["organisations"].delete())
        session.execute(db.Base.metadata.tables["places"].delete())
        people.settle(session)
    refused = lianxin("first-administrator")
    assert refused.exit_code == 2
    assert "已有系统管理员" in refused.output
