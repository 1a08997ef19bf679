"""200 running cases go over to another version, as the administrator does it: with reasons, progress and a way back."""

import pytest
from sqlalchemy import Engine

from engine import config, db, definitions
from engine.work.models import Deadline, Instance
from tests import crowd, factories, people
from tests.browser.conftest import Open
from tests.engine.test_migration_of_instances import active_removed

pytestmark = [pytest.mark.browser, pytest.mark.processes]
ASIDE = "承办环节另有安排"


def _redrawn() -> dict[str, bytes]:
    """The answer under another id, and the step behind it another step: whoever waits there cannot go over."""
    files = definitions.read_folder(config.ROOT / "processes" / "opinion")
    text = active_removed(files["handling.bpmn"].decode()).replace(">answer<", ">reply<")
    text = text.replace('lianxin:role="feedback_check"', 'lianxin:role="letter"').replace(
        'lianxin:operation="feedback.check"', 'lianxin:operation="letter.confirm"'
    )
    text = text.replace('"feedback_check"', '"feedback_look"').replace(">feedback_check<", ">feedback_look<")
    return files | {"handling.bpmn": text.encode()}


@pytest.fixture
def two_hundred(database: Engine, cast: people.Cast) -> int:
    """199 cases at the unit, one behind it; a second version. Its id."""
    with db.transaction(database) as session:
        here = people.Cast(session, cast.people, cast.organisations, cast.places, cast.delegates)
        first = factories.handled(session, here).id
    crowd.grow(database, first, 199)
    with db.transaction(database) as session:
        here = people.Cast(session, cast.people, cast.organisations, cast.places, cast.delegates)
        case = session.get_one(factories.Case, first)
        factories.step(session, here, case, "answered")
        return definitions.operations.publish(session, "opinion", _redrawn(), reason=ASIDE).id


def _limits(database: Engine) -> set[tuple[int, str, object]]:
    with db.reading(database) as session:
        return {(row.instance_id, row.role, row.due_at) for row in session.query(Deadline)}


def _versions(database: Engine) -> list[int]:
    with db.reading(database) as session:
        return sorted(row.package_id for row in session.query(Instance))


def test_two_hundred_cases_go_over_and_back(database: Engine, house: str, eyes: Open, two_hundred: int) -> None:
    before = _limits(database)
    window = eyes(house).sign_in("procedure_administrator")
    window.go("/procedures/opinion/migration")
    assert "在办200件" in window.page.inner_text("main")
    window.press("下一步：对照环节")
    row = window.page.locator("tr[data-pair][data-old=answer]")
    row.get_by_role("button").click()
    window.page.locator('[data-side=old] [data-element-id="answer"].step-pair').wait_for()
    window.page.locator('[data-side=new] [data-element-id="reply"].step-pair').wait_for()
    assert "系统建议对应" in row.inner_text()
    window.press("下一步：逐件预演")
    window.page.wait_for_function("() => document.querySelectorAll('#pieces tr[data-verdict]').length === 200")
    window.page.locator('[data-piece="red"]').click()
    shown = window.page.locator("#pieces tr[data-verdict]:visible")
    assert shown.count() == 1
    assert "审核书面反馈" in shown.inner_text()
    assert window.look() == []
    window.page.get_by_label("理由").fill(ASIDE)
    window.press("开始换版")
    window.page.get_by_role("heading", name="换版完成").wait_for()
    assert "已换用199件" in window.page.inner_text("#progress")
    assert _versions(database) == [1, *[two_hundred] * 199]
    assert _limits(database) == before
    window.page.get_by_role("heading", name="换回原版").wait_for()
    assert "已删除" in window.page.locator("#list tbody tr").first.inner_text()
    assert window.look() == []
    window.page.get_by_label("换回的理由").first.fill("试行结束")
    window.page.get_by_role("button", name="全部换回").click()
    window.page.get_by_role("heading", name="换回完成").wait_for()
    assert _versions(database) == [1] * 200
    assert _limits(database) == before
