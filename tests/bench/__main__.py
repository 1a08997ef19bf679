"""`make bench`: figures for both databases beside their floors; nothing here fails on a slow machine.

BENCH_ONLY=name (or several with commas) runs one of NAMES.
"""

import argparse
import importlib
import os
import pkgutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine

import engine
from engine import clock, db
from tests import factories, postgres
from tests.bench import completion, http, inbox, procedures, storage, timers
from tests.moments import moment

for _module in pkgutil.walk_packages(engine.__path__, "engine."):
    if _module.name.endswith(".models"):
        importlib.import_module(_module.name)


@contextmanager
def databases() -> Iterator[list[Engine]]:
    """A fresh SQLite file and a fresh PostgreSQL database."""
    postgres.prepare()
    with tempfile.TemporaryDirectory() as folder:
        url = postgres.make_database("lianxin_bench")
        engines = [
            db.connect(f"sqlite:///{Path(folder) / 'bench.sqlite3'}"),
            db.connect(url.render_as_string(hide_password=False)),
        ]
        for each in engines:
            db.Base.metadata.create_all(each)
        try:
            yield engines
        finally:
            for each in engines:
                each.dispose()
            postgres.drop_database("lianxin_bench")
            postgres.stop()


NAMES = (
    "completion", "storage", "http", "inbox", "publish", "start", "timer", "calendar", "sweep", "passes",
)  # fmt: skip


def main() -> None:
    """Parse the size and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=60, help="walked for the completions")
    parser.add_argument("--open", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="open tasks of the inbox")
    parser.add_argument("--overdue", type=int, default=20_000, help="timers of the sweep")
    parser.add_argument("--moved", type=int, default=10_000, help="timers evaluated when the calendar changes")
    size = parser.parse_args()
    asked = frozenset(filter(None, os.environ.get("BENCH_ONLY", "").split(","))) or frozenset(NAMES)
    if unknown := asked - set(NAMES):
        raise SystemExit(f"BENCH_ONLY: {', '.join(sorted(unknown))} is none of {', '.join(NAMES)}")
    if "passes" in asked:
        click.echo("\n".join(procedures.passes()))
    if asked & {"completion", "storage", "http", "inbox"}:
        _acts(size, asked)
    if asked & {"publish", "start"}:
        with databases() as engines:
            for each in engines:
                click.echo("\n".join(procedures.run(each, asked)))
    if asked & {"timer", "calendar", "sweep"}:
        with databases() as engines:
            for each in engines:
                click.echo("\n".join(timers.run(each, asked, size.overdue, size.moved)))


def _acts(size: argparse.Namespace, asked: frozenset[str]) -> None:
    """What people do, and the inbox they look at."""
    with databases() as engines:
        for each in engines:
            with clock.frozen(moment(completion.NOW)):
                cast = factories.prepared(each)
                cast.session.close()
            if "completion" in asked and size.cases:
                click.echo("\n".join(completion.run(each, cast, size.cases)))
            if "storage" in asked:
                click.echo("\n".join(storage.run(each, cast)))
            if "http" in asked and size.cases:
                click.echo("\n".join(http.run(each, cast, size.cases // 2)))
            if "inbox" in asked and size.open:
                click.echo("\n".join(inbox.run(each, cast, tuple(size.open))))


if __name__ == "__main__":
    main()
