"""推演 at a real browser: eleven working days later the escalation is there, and the live house never noticed."""

import re

import pytest
from sqlalchemy import Engine

from engine import config, db, dryrun
from engine.cases.models import Case
from engine.notices.models import Notice
from engine.work.models import History, Task
from tests import factories, people
from tests.browser.conftest import Open
from tests.browser.eyes import BEYOND, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.processes]
LIVE = (Case, Task, History, Notice)


@pytest.fixture
def cast(database: Engine) -> people.Cast:
    cast = factories.prepared(database)
    with db.transaction(database) as session:
        dryrun.import_factory(session, config.ROOT / "processes")
        for one in dryrun.scenarios(session, "opinion"):
            one.active = one.factory in ("main", "overdue")
    return cast


def live(database: Engine) -> list[int]:
    with db.reading(database) as session:
        return [session.query(model).count() for model in LIVE]


def test_eleven_working_days_in_a_minute(house: str, database: Engine, eyes: Open) -> None:
    before = live(database)
    window = eyes(house)
    window.sign_in("procedure_administrator", people.PASSWORD)
    page = window.page
    page.goto(f"{house}/procedures/opinion/dry-run")
    page.wait_for_selector(".dry-covered")
    assert page.get_by_text("通过", exact=True).count() == 2
    assert window.look() == []
    page.select_option("#start", "referred")
    page.locator("form.dry-begin button").click()
    page.wait_for_selector(".step-current")
    page.get_by_role("button", name=re.compile("第11日")).click()
    page.wait_for_selector("text=收到后第11个工作日")
    assert "督办：同级组织部门" in page.locator(".dry-task").all_inner_texts()[1]
    page.wait_for_selector('[data-element-id="limit_supervise"].step-current')
    assert window.look() == []
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert page.evaluate(BEYOND) == []
    assert live(database) == before
