"""流程 in a real browser: a changed limit in words and in colour, published, in use, restored."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, select

from engine import db, drafting
from engine.packages.models import Package
from engine.work.models import Instance
from tests import factories, people
from tests.browser.conftest import Open
from tests.browser.eyes import PHONE
from tests.engine.test_drafting import FILE, HANDLING, KEY, LIMIT

pytestmark = [pytest.mark.browser, pytest.mark.processes]

FILL = """(id) => getComputedStyle(document.querySelector(
  `[data-side="new"] .djs-element[data-element-id="${id}"] .djs-visual > circle`)).fill"""


def test_a_limit_is_compared_published_used_and_restored(
    house: str, database: Engine, cast: people.Cast, eyes: Open
) -> None:
    shorter = HANDLING.replace(LIMIT, LIMIT.replace(b"answer_limit)", b"8)")).replace(
        '催办"'.encode(), '提醒"'.encode(), 1
    )
    with db.transaction(database) as session:
        mine = replace(cast, session=session)
        old = factories.registered(session, mine).id
        actor = mine.actor("procedure_administrator")
        editing = drafting.open_draft(session, actor, KEY)
        drafting.save_file(session, actor, KEY, FILE, shorter, editing.revision)
    window = eyes(house).sign_in("procedure_administrator")
    page = window.page
    window.go("/procedures/opinion")
    page.get_by_role("link", name="对比改动").click()
    expect(page.locator(".compare-pair[data-ready]")).to_be_visible()
    sentence = page.locator(".compare-go").first
    expect(sentence).to_contain_text("时限“期限届满”的期限由 参数“办理时限”规定的工作日改为 8 个工作日")  # limits first
    assert page.evaluate(FILL, "limit") == "rgb(255, 213, 150)"
    expect(page.locator('[data-side="new"] .djs-overlays .mark-limit').first).to_have_text("时限")
    sentence.click()
    for side in ("old", "new"):
        box = page.locator(f'[data-side="{side}"] [data-element-id="limit"].diff-chosen').first.bounding_box()
        stage = page.locator(f'[data-side="{side}"] .compare-stage').bounding_box()
        middle = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
        assert abs(box["x"] + box["width"] / 2 - middle[0]) < 40, "the element was not brought to the middle"
        assert abs(box["y"] + box["height"] / 2 - middle[1]) < 40
    assert window.look() == []

    telephone = eyes(house, PHONE).sign_in("auditor")
    telephone.go("/procedures/opinion/compare")
    expect(telephone.page.locator(".compare-pair[data-ready]")).to_be_visible()
    expect(telephone.page.locator('[data-side="old"]')).to_be_hidden()
    telephone.page.locator(".compare-toggle").get_by_role("button", name="第1版").click()
    expect(telephone.page.locator('[data-side="old"] .djs-element.diff-limit').first).to_be_visible()
    assert telephone.look() == []

    window.go("/procedures/opinion/publish")
    expect(page.get_by_text("1件留在第1版，新件用第2版。")).to_be_visible()
    expect(page.get_by_text("推演情景全部符合。")).to_be_visible()
    assert window.look() == []
    page.get_by_label("理由").fill("街道试行八个工作日")
    page.get_by_role("button", name="发布第2版").click()
    expect(page.locator("#said")).to_contain_text("已发布第2版")
    with db.transaction(database) as session:
        new = factories.registered(session, replace(cast, session=session)).id
        pinned = dict(session.execute(select(Instance.case_id, Package.version).join(Package)).all())
    assert (pinned[old], pinned[new]) == (1, 2)
    page.get_by_role("link", name="恢复第1版").click()
    page.get_by_label("理由").fill("试行期满")
    page.get_by_role("button", name="恢复第1版").click()
    expect(page.locator("#said")).to_contain_text("第1版已恢复，成为第3版")
    assert window.look() == []
