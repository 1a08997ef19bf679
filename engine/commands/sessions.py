"""How commands, workers and threads open a transaction: one place that knows the demo clock."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine import db, rehearsal
from engine.config import Settings
from engine.db import Begin


def opener(engine: Engine, settings: Settings) -> Begin:
    """`with begin() as session:` is one transaction; in a demo it starts by reading how far the clock is ahead."""

    @contextmanager
    def begin() -> Iterator[Session]:
        with db.transaction(engine) as session:
            if settings.demo:
                rehearsal.apply(session)
            yield session

    return begin
