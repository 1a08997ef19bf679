"""Who a user task goes to: the closed table of pools a diagram may name, resolved for a case."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from engine.catalogue.act import Act
from engine.errors import Misconfigured
from engine.organisation.models import Organisation


@dataclass(frozen=True)
class Pool:
    """Everybody with `duty` ("" = anybody) in the organisation, or exactly one person."""

    organisation_id: int | None = None
    duty: str = ""
    person_id: int | None = None


def tier_department(act: Act) -> Organisation:
    """The organisation department of the tier the case is at; at the committee tier, the committee itself."""
    return department(act, act.case.tier)


def department(act: Act, tier: str) -> Organisation:
    """The organisation acting on rung `tier` for this case's place."""
    if tier in ("city", "committee"):
        kind = "department" if tier == "city" else "committee"
        query = select(Organisation).where(Organisation.kind == kind, Organisation.tier == tier)
    else:
        place = {"street": act.case.street_id, "district": act.case.district_id}.get(tier)
        query = select(Organisation).where(Organisation.kind == "department", Organisation.place_id == place)
    found = act.session.scalars(query.limit(1)).first()
    if found is None:
        raise Misconfigured(f"{tier} 一级没有组织部门，请管理员先在机构管理中建立。")
    return found


def supervisor(act: Act, step: int) -> Pool:
    """Rung `step` of the ladder (§0): one tier up each; above the city department its head, then the committee."""
    tier = act.current_handling().tier
    ladder = {
        "street": (("street", ""), ("district", ""), ("city", "")),
        "district": (("district", ""), ("city", ""), ("city", "head")),
        "city": (("city", ""), ("city", "head"), ("committee", "")),
    }
    rung, duty = ladder[tier][step]
    return Pool(department(act, rung).id, duty)


POOLS: dict[str, Callable[[Act], Pool]] = {
    "studio": lambda act: Pool(act.case.studio_id, "liaison"),
    "delegate": lambda act: Pool(person_id=act.case.delegate_person_id),
    "tier_department": lambda act: Pool(tier_department(act).id),
    "street_department": lambda act: Pool(department(act, "street").id),
    "street_department_head": lambda act: Pool(department(act, "street").id, "head"),
    "handling_department": lambda act: Pool(act.current_handling().department_id),
    "handling_unit": lambda act: Pool(act.current_handling().unit_id),
    "supervisor_0": lambda act: supervisor(act, 0),
    "supervisor_1": lambda act: supervisor(act, 1),
    "supervisor_2": lambda act: supervisor(act, 2),
    "committee": lambda act: Pool(department(act, "committee").id),
}


def resolve(name: str, act: Act) -> Pool:
    """The pool of that name for this case; Misconfigured when the diagram names none or an unknown one."""
    if name not in POOLS:
        raise Misconfigured(f"“{act.element_name}”没有指定办理人员（{name or '空'}），请管理员在流程图中设置。")
    return POOLS[name](act)
