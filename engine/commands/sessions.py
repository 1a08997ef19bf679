"""How commands, workers and threads open a transaction: one place that knows the demo clock."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session

from engine import config, db, migrations, rehearsal
from engine.config import Settings
from engine.db import Begin
from engine.errors import Misconfigured


def connected(settings: Settings) -> Engine:
    """The installation's database, ready for a command: an empty one gets its tables, an older one is named."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = db.connect(settings.database_url)
    version = migrations.current(engine)
    if version is None and not inspect(engine).get_table_names():
        migrations.upgrade(engine)
    elif version not in (None, migrations.head()):
        raise Misconfigured(f"数据库的版本（{version}）与本程序不一致，请先运行 lianxin upgrade。")
    return engine


@contextmanager
def command_transaction() -> Iterator[Session]:
    """The one transaction of a command."""
    settings = config.load()
    engine = connected(settings)
    with opener(engine, settings)() as session:
        yield session
    engine.dispose()


def opener(engine: Engine, settings: Settings) -> Begin:
    """`with begin() as session:` is one transaction; in a demo it starts by reading how far the clock is ahead."""

    @contextmanager
    def begin() -> Iterator[Session]:
        with db.transaction(engine) as session:
            if settings.demo:
                rehearsal.apply(session)
            yield session

    return begin
