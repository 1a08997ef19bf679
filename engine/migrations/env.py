"""Run by Alembic for every command; the connection comes from engine.migrations, never from a file."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from engine.db import UTCDateTime
from engine.migrations import metadata


def render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Revisions name plain SQL types: they must still run when our own type has changed."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection: sa.Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata(),
    render_item=render,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
