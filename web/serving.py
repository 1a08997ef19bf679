"""Hooks of gunicorn (`--config python:web.serving`): where there is no broker, the web looks for due limits itself."""

from typing import Any

from engine import config
from engine.commands.duties import watch


def post_worker_init(_worker: Any) -> None:
    """After the fork, so that every web process has a thread and a database connection of its own (rule 4)."""
    if not config.load().redis_url:
        watch()
