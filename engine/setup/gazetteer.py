"""Reading the published gazetteer: what each line means, what is odd about it, what is wrong with it. No database."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Invalid
from engine.setup.textfile import Problem, Row, read_table

COLUMNS = ("district_code", "district", "street_code", "street", "community_code", "community")
TITLES = dict(zip(COLUMNS, ("区代码", "区", "街道代码", "街道", "社区代码", "社区"), strict=True))
SUFFIX = re.compile(r"(社区)?(居民委员会|居委会|居委)$")
ZONE = "虚拟社区"
ZONE_NOTE = "保税区、机场、合作区等区域，公布为虚拟社区，不设党代表工作室"
NAME_LENGTH = 60


@dataclass(frozen=True)
class Node:
    """One place as it will stand in the database."""

    code: str
    tier: str
    name: str
    published_name: str
    parent_code: str | None
    zone: bool = False
    note: str = ""


@dataclass(frozen=True)
class Rules:
    """The second, editable file: the city, new districts, renames, adjacent communities."""

    city_code: str
    city_name: str
    new_districts: tuple[Node, ...] = ()
    moved_streets: dict[str, str] = field(default_factory=dict)  # street code → district code
    renames: dict[str, tuple[str, str]] = field(default_factory=dict)  # code → (name, note)
    adjacent: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Gazetteer:
    """The whole tree, parents before children; `odd` lists what was kept but needs a look."""

    nodes: dict[str, Node]
    adjacent: tuple[tuple[str, str], ...]
    lines: int
    odd: tuple[str, ...]


def read_rules(file: Path) -> Rules:
    """The rules file (TOML); raises Invalid with what is wrong in it."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        city = data["city"]
        return Rules(
            city_code=str(city["code"]),
            city_name=str(city["name"]),
            new_districts=tuple(
                Node(str(d["code"]), "district", d["name"], d["name"], str(city["code"]), note=d.get("note", ""))
                for d in data.get("new_districts", [])
            ),
            moved_streets={s: d["code"] for d in data.get("new_districts", []) for s in d["streets"]},
            renames={r["code"]: (r["name"], r.get("note", "")) for r in data.get("renames", [])},
            adjacent=tuple((a, b) for a, b in (pair["codes"] for pair in data.get("adjacent", []))),
        )
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"无法读取规则文件“{file.name}”，请检查路径和编码（UTF-8）。") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(
            f"规则文件“{file.name}”有误：{error}。请对照出厂文件 processes/places/rules.toml 改正。"
        ) from error


def read_gazetteer(file: Path, rules: Rules) -> Gazetteer:
    """Read and check every line; raises Invalid naming each bad line, so that nothing is imported half."""
    rows = read_table(file, COLUMNS)
    problems = _check(rows)
    if problems:
        raise Invalid("区划文件有误，没有导入任何内容：\n" + "\n".join(map(str, problems)))
    nodes = {rules.city_code: Node(rules.city_code, "city", rules.city_name, rules.city_name, None)}
    streets = {row["street_code"] for row in rows}
    moved_to = {district for street, district in rules.moved_streets.items() if street in streets}
    nodes |= {district.code: district for district in rules.new_districts if district.code in moved_to}
    zones = _zone_streets(rows)
    for row in rows:
        for node in _nodes(row, rules, zones):
            nodes.setdefault(node.code, _renamed(node, rules))
    nodes = _unambiguous(nodes)
    unused = _check_rules(rules, nodes)
    odd = tuple(_odd(node) for node in nodes.values() if node.note)
    return Gazetteer(nodes, rules.adjacent, len(rows), odd + unused)


def _odd(node: Node) -> str:
    return (
        f"{node.code} {node.published_name}"
        + (f" → {node.name}" if node.name != node.published_name else "")
        + (f"（{node.note}）")
    )


# ------------------------------------------------------------------------------------------------------- checks
def _check(rows: list[Row]) -> list[Problem]:
    problems: list[Problem] = []
    names: dict[str, tuple[str, int]] = {}
    communities: dict[str, int] = {}
    titles: dict[tuple[str, str], int] = {}
    for row in rows:
        found = _check_cells(row)
        problems += found
        if found:
            continue
        for code, name in (("district_code", "district"), ("street_code", "street")):
            known, line = names.setdefault(row[code], (row[name], row.line))
            if known != row[name]:
                reason = f"代码{row[code]}在第{line}行的名称是“{known}”，这里是“{row[name]}”，请统一。"
                problems.append(Problem(row.line, TITLES[name], reason))
        first = communities.setdefault(row["community_code"], row.line)
        if first != row.line:
            reason = f"代码{row['community_code']}与第{first}行重复，请删去一行或改正代码。"
            problems.append(Problem(row.line, TITLES["community_code"], reason))
        same = titles.setdefault((row["street"], row["community"]), row.line)
        if same != row.line and first == row.line:
            # street and community make the case number, so they cannot name two places
            problems.append(Problem(row.line, TITLES["community"], f"与第{same}行的街道和社区同名，请改正其中一行。"))
    if not rows:
        problems.append(Problem(2, "", "没有任何区划，请检查文件。"))
    return problems


def _check_cells(row: Row) -> list[Problem]:
    problems = [Problem(row.line, TITLES[column], "不能为空，请补上。") for column in COLUMNS if not row[column]]
    if problems:
        return problems
    for column, digits, parent in (
        ("district_code", 6, ""),
        ("street_code", 9, "district_code"),
        ("community_code", 12, "street_code"),
    ):
        code = row[column]
        if not re.fullmatch(rf"[0-9]{{{digits}}}", code):
            problems.append(Problem(row.line, TITLES[column], f"“{code[:20]}”不是{digits}位数字，请改正。"))
        elif parent and not code.startswith(row[parent]):
            problems.append(Problem(row.line, TITLES[column], f"“{code}”不以上级代码{row[parent][:20]}开头，请改正。"))
    return problems + [
        Problem(row.line, TITLES[column], f"名称超过{NAME_LENGTH}个字，请缩短。")
        for column in ("district", "street", "community")
        if len(row[column]) > NAME_LENGTH
    ]


def _check_rules(rules: Rules, nodes: dict[str, Node]) -> tuple[str, ...]:
    """What the rules name but this file does not have, as remarks: the file may be a part of the city only."""
    for pair in rules.adjacent:
        known = [nodes[code] for code in pair if code in nodes]
        if len(set(pair)) != 2 or any(node.tier != "community" or node.zone for node in known):
            raise Invalid(f"规则文件中的相邻关系“{'、'.join(pair)}”不是两个不同的社区，请改正。")
    codes = [*rules.moved_streets, *rules.renames, *(code for pair in rules.adjacent for code in pair)]
    unknown = sorted({code for code in codes if code not in nodes})
    return (f"规则文件提到的{'、'.join(unknown)}不在本次区划文件中，有关规则没有使用",) if unknown else ()


# ------------------------------------------------------------------------------------------------------- naming
def _zone_streets(rows: list[Row]) -> set[str]:
    """Streets that consist of zones only (福田保税区, 前海合作区 ...)."""
    real = {row["street_code"] for row in rows if ZONE not in row["community"]}
    return {row["street_code"] for row in rows} - real


def _nodes(row: Row, rules: Rules, zone_streets: set[str]) -> list[Node]:
    street, district = row["street_code"], row["district_code"]
    parent = rules.moved_streets.get(street, district)
    moved = f"按规则文件移入{parent}" if parent != district else ""
    in_zone = street in zone_streets
    zone = ZONE in row["community"]
    name, note = (row["community"], ZONE_NOTE) if zone else community_name(row["community"])
    return [
        Node(district, "district", row["district"], row["district"], rules.city_code),
        Node(street, "street", row["street"], row["street"], parent, in_zone, ZONE_NOTE if in_zone else moved),
        Node(row["community_code"], "community", name, row["community"], street, zone, note),
    ]


def community_name(published: str) -> tuple[str, str]:
    """The name used in numbers and on papers, and a note where the published one is out of the ordinary.

    大塘龙社区居民委员会, 黄麻布社区居委, 桥东居委会 → ...社区. Several residents' committees of one community
    (杨美社区嘉丽园居委会) are published as places of their own and keep their own name (嘉丽园社区).
    """
    stem, suffixes = SUFFIX.subn("", published)
    if not suffixes:
        return published, "" if published.endswith("社区") else "名称不以社区或居委会结尾，照公布名称保留"
    if "社区" not in stem:
        odd = published.endswith("社区居委")
        return f"{stem}社区", "公布名称缺“会”字" if odd else ""
    outer, inner = stem.rsplit("社区", 1)
    return f"{inner or outer}社区", f"公布为{outer}社区下的居民委员会"


def _renamed(node: Node, rules: Rules) -> Node:
    if node.code not in rules.renames:
        return node
    name, note = rules.renames[node.code]
    return Node(node.code, node.tier, name, node.published_name, node.parent_code, node.zone, note or "按规则文件改名")


def _unambiguous(nodes: dict[str, Node]) -> dict[str, Node]:
    """Street and community name make the case number (填表须知1): where two would agree, the published name stays."""
    seen: dict[tuple[str, str], list[str]] = {}
    for node in nodes.values():
        if node.tier == "community" and node.parent_code:
            seen.setdefault((nodes[node.parent_code].name, node.name), []).append(node.code)
    for codes in seen.values():
        if len(codes) > 1:
            for code in codes:
                node = nodes[code]
                note = "简称与同一街道的另一处相同，保留公布名称"
                nodes[code] = Node(
                    code, node.tier, node.published_name, node.published_name, node.parent_code, node.zone, note
                )
    return nodes
