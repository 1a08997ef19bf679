"""`make bench`: figures for both databases beside their floors; nothing here fails on a slow machine."""

import argparse
import importlib
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
from tests.bench import completion, inbox
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


def main() -> None:
    """Parse the size and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=60, help="walked for the completions")
    parser.add_argument("--open", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="open tasks of the inbox")
    size = parser.parse_args()
    with databases() as engines:
        for each in engines:
            with clock.frozen(moment(completion.NOW)):
                cast = factories.prepared(each)
                cast.session.close()
            if size.cases:
                click.echo("\n".join(completion.run(each, cast, size.cases)))
            if size.open:
                click.echo("\n".join(inbox.run(each, cast, tuple(size.open))))


if __name__ == "__main__":
    main()
