"""The registration form as a liaison uses it with a resident opposite: nothing typed is lost, whatever happens to the
browser; files, similar opinions, the wide screen and the telephone."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, select

from engine import db
from engine.cases.models import Case, Draft
from tests import factories
from tests.browser.conftest import Open
from tests.browser.eyes import PHONE
from tests.engine.test_filing import PNG
from tests.people import Cast
from tests.served import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.processes]
TYPED = "路口的垃圾转运点夜里十一点后还在作业，噪音和气味影响居民休息"


def test_nothing_is_lost_between_the_desk_and_the_telephone(
    house: str, eyes: Open, cast: Cast, database: Engine, tmp_path: Path
) -> None:  # fmt: skip
    with db.transaction(database) as session:
        factories.registered(session, replace(cast, session=session))
    desk = eyes(house).sign_in("liaison")
    desk.go("/registration")
    page = desk.page
    assert desk.look() == []
    page.get_by_label("姓名").fill("陈某某")
    page.locator("[name=content]").fill(TYPED)
    expect(page.locator("#saved")).to_contain_text("已暂存")
    expect(page.locator("#similar")).to_contain_text("很相似")
    page.get_by_role("checkbox", name="同一事项").check()
    (tmp_path / "现场.png").write_bytes(PNG)
    (tmp_path / "材料.zip").write_bytes(b"PK\x03\x04" + b"\0" * 50)
    page.locator("#files-file").set_input_files([tmp_path / "现场.png", tmp_path / "材料.zip"])
    expect(page.locator("#attached")).to_contain_text("“材料.zip”没有上传")
    expect(page.locator("#attached .file")).to_have_count(1)
    assert [line for line in desk.look() if "png" not in line and "zip" not in line] == []
    page.locator("[name=summary]").fill("垃圾转运点夜间扰民")
    page.close()  # within the pause before the next save

    def kept() -> bool:
        with db.reading(database) as session:
            return session.scalars(select(Draft)).one().data.get("summary") == "垃圾转运点夜间扰民"

    wait_for(kept, 20, "the save of a page that was left")
    phone = eyes(house, PHONE).sign_in("liaison")
    phone.go("/registration")
    page = phone.page
    page.get_by_role("link", name="陈某某").click()
    expect(page.locator("[name=content]")).to_have_value(TYPED)
    expect(page.locator("[name=summary]")).to_have_value("垃圾转运点夜间扰民")
    expect(page.get_by_role("checkbox", name="同一事项")).to_be_checked()
    expect(page.locator("#attached .file")).to_have_count(1)
    expect(page.get_by_label("用手机拍照")).to_have_attribute("capture", "environment")
    page.get_by_role("radio", name="来访").check()
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("处需要修改")
    phone.complaints.clear()  # the browser remarks on the refusal
    expect(page.locator("[name=content]")).to_have_value(TYPED)
    page.get_by_label("电话", exact=False).first.fill("13800001234")
    page.get_by_label("事项类别").select_option("environment")
    page.get_by_role("radio", name="已在纸质登记表上签字").check()
    page.get_by_role("radio", name="转街道组织部门").check()
    assert [line for line in phone.look() if "png" not in line] == []
    phone.press("登记")
    expect(page.locator("h1")).to_contain_text("2026002" if "2026002" in page.inner_text("h1") else "002")
    with db.reading(database) as session:
        assert (session.query(Case).count(), session.query(Draft).count()) == (2, 0)


def test_the_page_counts_the_age_and_chooses_the_signing_that_is_left(house: str, eyes: Open) -> None:
    desk = eyes(house).sign_in("liaison")
    desk.go("/registration")
    page = desk.page
    page.get_by_label("年龄").fill("1965")
    expect(page.locator("#f-reporter_age-help")).to_contain_text("年龄记为61岁")
    page.get_by_label("年龄").fill("45")
    expect(page.locator("#f-reporter_age-help")).to_contain_text("出生年份")
    page.get_by_role("radio", name="电话", exact=True).check()
    expect(page.locator("[name=reporter_signature][value=remark]")).to_be_checked()
    expect(page.get_by_label("签字注明")).to_be_visible()
    page.get_by_role("radio", name="来访", exact=True).check()
    expect(page.locator("[name=reporter_signature]:checked")).to_have_count(0)
    expect(page.get_by_label("签字注明")).to_be_hidden()
    assert desk.look() == []
