"""换版: the mapping with its reasons, each case before, a batch piece by piece, one that stays, the way back."""

import re

from engine import db, definitions, tasks
from engine.packages.models import MigrationResult
from engine.work.models import Instance, Task
from tests import crowd, factories
from tests.engine.test_migration_of_instances import active_removed, edited, shorter

WHY = "办理流程修订"


def _version(database, edit) -> int:
    with db.transaction(database) as session:
        return definitions.operations.publish(session, "opinion", edited(handling=edit), reason=WHY).id


def test_a_batch_from_choice_to_the_way_back(visit, make, database):
    first = make("signed", "reported", "referred")
    crowd.grow(database, first, 16)  # more than one piece of a batch
    new = _version(database, shorter)
    administrator = visit("procedure_administrator")
    home = "/procedures/opinion/migration"
    assert "在办17件" in administrator.get(home).text
    table = administrator.get(f"{home}/mapping?from=1&to={new}").text
    assert "规定的工作日改为 8 个工作日" in table and "绿·相同" in table and "黄·有改动" in table
    page = administrator.get(f"{home}/preview?from=1&to={new}").text
    assert page.count('data-verdict="yellow"') == 17
    assert "期限届满：2026年3月16日 → 2026年3月12日" in page and "逾期五日：截止日不变" in page
    assert administrator.post(home, {"from": "1", "to": str(new)}).status_code == 422
    with db.reading(database) as session:
        left = session.query(Instance).filter_by(case_id=first).one().id
        chosen = [str(row.id) for row in session.query(Instance) if row.id != left]
    begun = administrator.post(home, {"from": "1", "to": str(new), "reason": WHY, "which": "some", "case": chosen})
    assert begun.status_code == 302
    address = begun.location.partition("?")[0]
    piece = administrator.post(f"{address}/run", fragment=True).text
    assert "15 / 16" in piece and 'hx-trigger="load"' in piece
    assert administrator.post(f"{address}/run", fragment=True).headers["HX-Redirect"] == address
    assert "换版完成" in administrator.get(address).text
    with db.reading(database) as session:
        assert session.get_one(Instance, left).package_id == 1
        assert session.query(Instance).filter_by(package_id=new).count() == 16
    assert "已换用16件" in re.sub(r"<[^>]+>", "", administrator.get(address).text)
    with db.transaction(database) as session:  # a step on the new version closes the way back of that case
        task = session.query(Task).filter(Task.instance_id != left).first()
        cast = {person.login: person.id for person in session.query(factories.people.Person)}
        unit = factories.people.queries.actor(session, cast["unit_clerk"])
        tasks.claim(session, unit, task.id)
        tasks.complete(session, unit, task.id, factories.STEPS["answered"][2])
    assert administrator.post(f"{address}/undo", {"reason": ""}).status_code == 422
    with db.reading(database) as session:
        one = session.query(MigrationResult).filter(MigrationResult.instance_id != task.instance_id).first().id
    assert administrator.post(f"{address}/results/{one}/undo", {"reason": WHY}).status_code == 302
    assert administrator.post(f"{address}/results/{one}/undo", {"reason": WHY}).status_code == 409
    assert administrator.post(f"{address}/undo", {"reason": WHY}).status_code == 302
    assert "已换回14件，1件已有新的办理动作" in administrator.get(address).text
    with db.reading(database) as session:
        assert session.query(Instance).filter_by(package_id=new).count() == 1


def test_a_removed_step_is_red_and_mapped_by_choice(visit, make, database):
    make("signed", "reported", "referred")
    new = _version(database, active_removed)
    administrator = visit("procedure_administrator")
    home = f"/procedures/opinion/migration/mapping?from=1&to={new}&process=handling"
    proposed = administrator.get(home).text
    assert "系统建议对应" in proposed and "红·缺对应" not in proposed
    refused = administrator.get(f"{home}&m=handling/answer=").text
    assert "红·缺对应" in refused and "有1件停在这里" in refused
    preview = home.replace("/mapping", "/preview")
    assert 'data-verdict="red"' in administrator.get(f"{preview}&m=handling/answer=").text
    assert 'data-verdict="red"' not in administrator.get(preview).text


def test_who_may(visit, database):
    for role in ("auditor", "street_head"):
        assert visit(role).get("/procedures/opinion/migration").status_code == 403, role
    administrator = visit("procedure_administrator")
    assert "只有一版" in administrator.get("/procedures/opinion/migration").text
    assert administrator.get("/procedures/opinion/migration/preview").status_code == 302
    assert administrator.get("/procedures/nothing/migration").status_code == 404
    assert administrator.get("/procedures/opinion/migration/99").status_code == 404
