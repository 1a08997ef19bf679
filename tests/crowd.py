"""A crowd of cases that stand where one case stands: its rows again under other ids, for the long runs and the figures.

The use cases make a case in some 50 ms; thousands of them are set-up and nobody's work. `same` compares a copy with a
case that the use cases made, so that a copy is never anything the engine would not have written.
"""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, select, text

from engine import db

Row = dict[str, Any]
Renumber = Callable[[str, int], int]  # table, id → another id

STRIDE = 1000  # between an id and its next copy: more than all ids of the cases that are copied
CHUNK = 200  # cases written at once
LINKS = {  # columns that name a row of the case without a foreign key
    ("history", "task_id"): "tasks", ("tasks", "act_id"): "history", ("withdrawals", "history_id"): "history",
    ("copies", "notice_id"): "notices",
}  # fmt: skip
KEYS = {  # the same inside JSON
    "case_id": "cases", "instance_id": "instances", "handling_id": "handlings", "review_id": "reviews",
    "notice_id": "notices", "notices": "notices", "act_id": "history",
}  # fmt: skip


def grow(engine: Engine, case_id: int, copies: int, first: int = 1) -> list[int]:
    """Copy the case `copies` times, in few transactions; the ids of the copies. `first`: number of the first copy, when
    several cases are copied into one database."""
    with engine.connect() as connection:
        rows = rows_of(connection, case_id)
    (case,) = rows["cases"]
    assert all(row["id"] < STRIDE for found in rows.values() for row in found if "id" in row)
    made = []
    for start in range(first, first + copies, CHUNK):
        numbers = range(start, min(start + CHUNK, first + copies))
        with engine.begin() as connection:
            for table, found in rows.items():
                if found:
                    again = [_copy(table, row, number, case) for number in numbers for row in found]
                    connection.execute(insert(db.Base.metadata.tables[table]), again)
        made += [case_id + number * STRIDE for number in numbers]
    _move_sequences(engine)
    return made


def same(engine: Engine, copy: int, original: int) -> bool:
    """Whether two cases have the same rows but for ids and running numbers."""
    with engine.connect() as connection:
        ours, theirs = (_anonymous(rows_of(connection, case_id)) for case_id in (copy, original))
    for name, rows in ours.items():
        assert rows == theirs[name], name
    return True


# ------------------------------------------------------------------------------------------------ the rows of a case


def rows_of(connection: Connection, case_id: int) -> dict[str, list[Row]]:
    """Every row of one case by table, parents first."""
    found: dict[str, list[Row]] = {}
    for table in db.Base.metadata.sorted_tables:
        condition = _of_case(table, case_id, found)
        if condition is not None:
            key = next(iter(table.primary_key.columns))
            query = select(table).where(condition).order_by(key)
            found[table.name] = [dict(row) for row in connection.execute(query).mappings()]
    return found


def _of_case(table: Table, case_id: int, found: dict[str, list[Row]]) -> Any:
    if table.name == "cases":
        return table.c.id == case_id
    if "case_id" in table.c and table.c.case_id.foreign_keys:
        return table.c.case_id == case_id
    for column in table.columns:
        for key in column.foreign_keys:
            parent = key.column.table.name
            if parent in found and not column.nullable:
                return column.in_([row["id"] for row in found[parent]])
    return None


def _copy(table: str, row: Row, number: int, case: Row) -> Row:
    offset = number * STRIDE
    copy = _renumbered(table, row, lambda _table, identity: identity + offset)
    if "sequence" in copy:
        copy["sequence"] += offset
    old, sequence = case["number"], case["sequence"]
    new = f"{old.removesuffix(f'{sequence:03}')}{sequence + offset:03}"
    return {key: _retold(value, old, new) for key, value in copy.items()}


def _retold(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    return {key: _retold(item, old, new) for key, item in value.items()} if isinstance(value, dict) else value


def _renumbered(table: str, row: Row, renumber: Renumber) -> Row:
    """The row with every id that names a row of the case replaced."""
    copy = dict(row)
    for column in db.Base.metadata.tables[table].columns:
        value = row[column.name]
        if value is None:
            continue
        if column.name == "id":
            copy["id"] = renumber(table, value)
        elif target := LINKS.get((table, column.name)) or _own(column):
            copy[column.name] = renumber(target, value)
        elif isinstance(value, dict | list):
            copy[column.name] = _inside(value, renumber, {"id": "tasks"} if column.name == "task" else {})
        elif column.name == "state" and isinstance(value, bytes):
            copy["state"] = _state(value, renumber)
    return copy


def _own(column: Any) -> str | None:
    """The table a foreign key leads to, when its rows belong to a case."""
    for key in column.foreign_keys:
        target = key.column.table
        if target.name == "cases" or "case_id" in target.c:
            return str(target.name)
    return None


def _inside(value: Any, renumber: Renumber, more: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_inside(item, renumber, more) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {}
    for key, item in value.items():
        table = (KEYS | more).get(key)
        if table and isinstance(item, int):
            copy[key] = renumber(table, item)
        elif table and isinstance(item, list):
            copy[key] = [renumber(table, each) for each in item]
        else:
            copy[key] = _inside(item, renumber, more)
    return copy


def _state(state: bytes, renumber: Renumber) -> bytes:
    """The stored tokens: token data may hold ids (the list after it, when each was set, has the same keys)."""
    tokens = json.loads(state[1:])
    for scope in tokens["s"]:
        for token in scope[4]:
            if len(token) > 6:
                token[6] = _inside(token[6], renumber, {})
    return state[:1] + json.dumps(tokens, ensure_ascii=False, separators=(",", ":")).encode()


def _move_sequences(engine: Engine) -> None:
    """PostgreSQL counts ids beside the tables."""
    if engine.dialect.name != "postgresql":
        return
    with engine.begin() as connection:
        for table in db.Base.metadata.sorted_tables:
            if "id" in table.c and (last := connection.scalar(select(func.max(table.c.id)))):
                sequence = "SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"
                connection.execute(text(sequence), {"name": table.name, "last": last})


# ------------------------------------------------------------------------------------------------ comparing


def _anonymous(rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows with ids counted from the first row of each table, and without running numbers."""
    order = {
        name: {row["id"]: place for place, row in enumerate(found)} for name, found in rows.items() if found and "id" in found[0]
    }  # fmt: skip

    def place(table: str, identity: int) -> int:
        return order[table].get(identity, -1)

    (case,) = rows["cases"]
    return {
        name: [_nameless(_renumbered(name, row, place), case) for row in found] for name, found in rows.items()
    }  # fmt: skip


def _nameless(row: Row, case: Row) -> str:
    """The row as text without what must differ: the numbers, the code of copy 1, and the fingerprint of what was signed."""
    row.pop("sequence", None)
    row.pop("document_number", None)
    told = repr(row)
    for own in (case["number"], case["query_code"], case["content_hash"]):
        told = told.replace(own, "") if own else told
    return told
