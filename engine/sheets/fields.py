"""Forms in the editor: what is wrong with a row, and the acts on rows, choices and conditions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine.bpmn.sheets import free_name
from engine.errors import Invalid
from engine.forms.rows import CHOICES, MAX_FIELDS, NAME, TEXTS, FormSheet, Row
from engine.forms.schema import Option
from engine.sheets.marks import Mark, unusable
from engine.sheets.tables import move

WAYS = {
    "text": "单行文字", "textarea": "多行文字", "radio": "单选", "select": "下拉选择", "date": "日期", "phone": "电话",
    "number": "整数", "unit": "承办单位（名单）", "delegate": "党代表（名单）", "hidden": "隐藏",
    "signature": "手写签名", "confirm": "核对勾选",
}  # fmt: skip
REQUIRED = {"no": "选填", "yes": "必填", "rule": "部分情况必填"}
# what an administrator adds himself; no operation of the house knows these names
OWN = "extra_"


def check_form(sheet: FormSheet) -> list[Mark]:
    """Everything that keeps these rows from being a form, by the names of the page's inputs."""
    found = [] if sheet.title.strip() else [Mark("title", "表单还没有名称。")]
    if not sheet.rows:
        found.append(Mark("title", "表单至少要有一栏。"))
    rows = {row.name: row for row in sheet.rows}
    names = [row.name for row in sheet.rows]
    for number, row in enumerate(sheet.rows):
        where = f"第 {number + 1} 栏 {row.label}".rstrip()
        wrong = [*_row(row, names), *_shown(row, rows)]
        found += (Mark(f"row-{number}-{part}", sentence, where=where) for part, sentence in wrong)
    return found


def locked_names(before: FormSheet | None) -> dict[str, set[str]]:
    """Field → choices of a published form: codes that diagrams, operations and old cases name, so they stay."""
    return {row.name: {option.value for option in row.options} for row in (before.rows if before else ())}


def _row(row: Row, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    if not row.label.strip():
        yield "label", "这一栏还没有名称。"
    if not NAME.fullmatch(row.name):
        yield "name", "代号只能用小写字母、数字和下划线，以字母开头。"
    elif names.count(row.name) > 1:
        yield "name", "代号重复了。"
    for part, text in (("label", row.label), ("help", row.help), ("default", row.default)):
        if sentence := unusable(text):
            yield part, sentence
    if row.way in TEXTS and not 0 <= row.longest <= 100_000:
        yield "longest", "最多字数请填 1 到 100000 的整数，不限就留空。"
    if row.way in CHOICES:
        yield from _options(row)
    if row.way == "number" and row.default and not row.default.lstrip("-").isdigit():
        yield "default", "默认值须是整数。"


def _options(row: Row) -> Iterator[tuple[str, str]]:
    if not row.options:
        yield "way", "请至少加一个选项。"
    values = [option.value for option in row.options]
    for number, option in enumerate(row.options):
        if not option.label.strip():
            yield f"option-{number}-label", "这个选项还没有名称。"
        if not NAME.fullmatch(option.value):
            yield f"option-{number}-value", "代号只能用小写字母、数字和下划线，以字母开头。"
        elif values.count(option.value) > 1:
            yield f"option-{number}-value", "代号重复了。"
    if row.default and row.default not in values:
        yield "default", "默认值不在选项里。"


def _shown(row: Row, rows: Mapping[str, Row]) -> Iterator[tuple[str, str]]:
    for number, (name, values) in enumerate(row.shown):
        on, place = rows.get(name), f"when-{number}-field"
        if on is None:
            yield place, "显示条件看的那一栏已经不在，请另选。"
        elif not values:
            yield place, f"请选“{on.label}”是什么的时候显示。"
        elif on.way in CHOICES and set(values) - {option.value for option in on.options}:
            yield place, f"“{on.label}”已经没有这个选项，请另选。"
        elif row.name in _chain(name, rows):
            yield place, "两栏互相等对方，永远不会显示。"


def _chain(name: str, rows: Mapping[str, Row]) -> set[str]:
    """The fields that decide whether this one is shown, itself included."""
    seen, stack = set[str](), [name]
    while stack:
        here = stack.pop()
        if here not in seen and here in rows:
            seen.add(here)
            stack += [on for on, _ in rows[here].shown]
    return seen


# ------------------------------------------------------------------------------------------------ acts


def act(sheet: FormSheet, order: str) -> FormSheet:
    """The form after one act on the page: `add:2` (a row after the second), `drop:2`, `up:2`, `down:2`;
    `option_add:2`, `option_drop:2.1`, `option_up:2.1`, `option_down:2.1` (choices); `when_add:2`, `when_drop:2.1`
    (conditions), all counted from 1. An unknown or impossible act changes nothing; Invalid beyond the limits."""
    name, _, numbers = order.partition(":")
    parts = [int(part) for part in numbers.split(".") if part.isdigit() and len(part) < 4]
    rows = list(sheet.rows)
    if name == "add" and parts and parts[0] <= len(rows):
        if len(rows) >= MAX_FIELDS:
            raise Invalid(f"一张表单最多 {MAX_FIELDS} 栏，请拆成几张。")
        rows.insert(parts[0], Row(free_name(f"{OWN}1", [row.name for row in rows])))
    elif not parts or not 1 <= parts[0] <= len(rows):
        return sheet
    elif name == "drop":
        del rows[parts[0] - 1]
    elif name in ("up", "down"):
        move(rows, parts[0] - 1, -1 if name == "up" else 1)
    else:
        rows[parts[0] - 1] = _inside(rows[parts[0] - 1], name, parts[1] - 1 if len(parts) > 1 else -1, rows)
    return replace(sheet, rows=tuple(rows))


def _inside(row: Row, name: str, at: int, rows: Sequence[Row]) -> Row:
    options, shown = list(row.options), list(row.shown)
    if name == "option_add":
        options.append(Option(free_name("option_1", [option.value for option in options]), ""))
    elif name == "option_drop" and 0 <= at < len(options):
        del options[at]
    elif name in ("option_up", "option_down") and 0 <= at < len(options):
        move(options, at, -1 if name == "option_up" else 1)
    elif name == "when_add":
        asked = {on for on, _ in shown}
        other = next((one for one in rows if one.way in CHOICES and one.name not in {row.name, *asked}), None)
        if other is None:
            raise Invalid("还没有可以作为条件的栏目：请先加一栏单选或下拉选择。")
        shown.append((other.name, ()))
    elif name == "when_drop" and 0 <= at < len(shown):
        del shown[at]
    return replace(row, options=tuple(options), shown=tuple(shown))
