"""Use case: bring the gazetteer in the database up to the published file. Running it twice changes nothing."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.organisation.models import Adjacency, Place
from engine.setup.gazetteer import Gazetteer, Node, read_gazetteer, read_rules
from engine.setup.organisations import OrganisationReport, set_up_organisations

TIERS_DOWN = ("city", "district", "street", "community")


@dataclass(frozen=True)
class PlacesReport:
    """What an import did, for the operator. Lists hold sentences; `read` counts the lines of the file."""

    read: int
    communities: int
    zones: int
    streets: int
    districts: int
    added: int
    changed: tuple[str, ...]
    vanished: tuple[str, ...]
    odd: tuple[str, ...]
    adjacent_changed: int
    organisations: OrganisationReport

    @property
    def changes(self) -> int:
        """How many rows the run touched; 0 the second time."""
        return self.added + len(self.changed) + self.adjacent_changed + self.organisations.changes


def import_places(session: Session, file: Path, rules_file: Path) -> PlacesReport:
    """Load the published gazetteer and the editable rules, and give every place its organisations.

    Renamed and moved places are updated and reported; vanished ones are reported and kept, because cases refer to
    them. Raises Invalid naming every bad line; nothing is changed then.
    """
    gazetteer = read_gazetteer(file, read_rules(rules_file))
    known = {place.code: place for place in session.scalars(select(Place))}
    former_names = {place.id: place.name for place in known.values()}
    vanished = tuple(f"{p.code} {p.name}" for code, p in sorted(known.items()) if code not in gazetteer.nodes)
    added, changed = 0, []
    for tier in TIERS_DOWN:
        for node in gazetteer.nodes.values():
            if node.tier != tier:
                continue
            if node.code in known:
                changed += _update(known[node.code], node, known)
            else:
                known[node.code] = _add(session, node, known)
                added += 1
        session.flush()
    adjacent_changed = _set_adjacent(session, gazetteer, known)
    nodes = gazetteer.nodes.values()
    return PlacesReport(
        read=gazetteer.lines,
        communities=sum(n.tier == "community" and not n.zone for n in nodes),
        zones=sum(n.tier == "community" and n.zone for n in nodes),
        streets=sum(n.tier == "street" and not n.zone for n in nodes),
        districts=sum(n.tier == "district" for n in nodes),
        added=added,
        changed=tuple(changed),
        vanished=vanished,
        odd=gazetteer.odd,
        adjacent_changed=adjacent_changed,
        organisations=set_up_organisations(session, former_names),
    )


def _parent_id(node: Node, known: dict[str, Place]) -> int | None:
    return known[node.parent_code].id if node.parent_code else None


def _add(session: Session, node: Node, known: dict[str, Place]) -> Place:
    place = Place(
        code=node.code, tier=node.tier, name=node.name, published_name=node.published_name,
        parent_id=_parent_id(node, known), zone=node.zone, note=node.note,
    )  # fmt: skip
    session.add(place)
    return place


def _update(place: Place, node: Node, known: dict[str, Place]) -> list[str]:
    """Write what differs; one sentence per difference."""
    wanted = {
        "name": node.name,
        "published_name": node.published_name,
        "parent_id": _parent_id(node, known),
        "zone": node.zone,
        "note": node.note,
    }
    differing = {field: value for field, value in wanted.items() if getattr(place, field) != value}
    if not differing:
        return []
    sentence = f"{place.code} {place.name}：" + "，".join(_difference(place, node, field) for field in differing)
    for field, value in differing.items():
        setattr(place, field, value)
    return [sentence]


def _difference(place: Place, node: Node, field: str) -> str:
    if field == "name":
        return f"改名为{node.name}"
    if field == "published_name":
        return f"公布名称由{place.published_name}改为{node.published_name}"
    return {"parent_id": f"改属{node.parent_code}", "zone": "区域性质变更", "note": "备注变更"}[field]


def _set_adjacent(session: Session, gazetteer: Gazetteer, known: dict[str, Place]) -> int:
    """Make the adjacency table equal to the rules about known places; returns how many pairs came or went."""
    wanted = {_pair(known[a].id, known[b].id) for a, b in gazetteer.adjacent if a in known and b in known}
    stored = {(row.first_id, row.second_id) for row in session.scalars(select(Adjacency))}
    session.add_all(Adjacency(first_id=first, second_id=second) for first, second in sorted(wanted - stored))
    for first, second in stored - wanted:
        session.execute(delete(Adjacency).where(Adjacency.first_id == first, Adjacency.second_id == second))
    session.flush()
    return len(wanted ^ stored)


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)
