"""Who a user task goes to: the closed table of pools a diagram may name, resolved for a case."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.catalogue import meeting
from engine.catalogue.act import Act
from engine.catalogue.around import PLACES, Acting
from engine.catalogue.tiers import tier
from engine.errors import Misconfigured


@dataclass(frozen=True)
class Pool:
    """Everybody with `duty` ("" = anybody) in the organisation, or exactly one person."""

    organisation_id: int | None = None
    duty: str = ""
    person_id: int | None = None


def tier_department(act: Act) -> Acting:
    """The organisation department of the tier the case is at; at the committee tier, the committee itself."""
    return department(act, act.case.tier)


def department(act: Act, rung: str) -> Acting:
    """The organisation acting on a rung of the ladder for this case's place."""
    acting = (tier(rung).kind, rung)
    place_id = getattr(act.case, f"{rung}_id") if rung in PLACES else None
    here = (row for row in act.around if (row.kind, row.tier) == acting and place_id in (None, row.place_id))
    found = next(here, None)
    if found is None:
        raise Misconfigured(f"{tier(rung).name}一级没有办理机构，请管理员先在机构管理中建立。")
    return found


def supervisor(act: Act, step: int) -> Pool:
    """Rung `step` of the supervision ladder of the handling's tier (§0, article 12)."""
    rungs = tier(act.current_handling().tier).supervision
    if step >= len(rungs):
        raise Misconfigured(f"层级表没有规定第 {step + 1} 次督办由谁负责，请管理员检查 tiers.toml。")
    rung, duty = rungs[step]
    return Pool(department(act, rung).id, duty)


def convener(act: Act) -> Pool:
    """Whoever called the consultation: a studio's liaison, or anybody of a department."""
    organisation_id = meeting.consultation(act).convener_id
    return Pool(organisation_id, "liaison" if organisation_id == act.case.studio_id else "")


def measure_party(act: Act) -> Pool:
    """Who took on what was agreed (R77)."""
    party = meeting.responsible(act)
    if party.person_id is not None:
        return Pool(person_id=party.person_id)
    return convener(act) if party.party == "convener" else Pool(party.organisation_id)


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
    "consultation_convener": convener,
    "measure_party": measure_party,
}


def resolve(name: str, act: Act) -> Pool:
    """The pool of that name for this case; Misconfigured when the diagram names none or an unknown one."""
    if name not in POOLS:
        raise Misconfigured(f"“{act.element_name}”没有指定办理人员（{name or '空'}），请管理员在流程图中设置。")
    return POOLS[name](act)
