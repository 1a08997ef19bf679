"""Hooks of gunicorn (`--config python:web.serving`): where there is no broker, the web looks for due limits itself.

gunicorn takes every name of this module that is called like one of its settings (`config` is one) for a setting.
"""

import gc
from typing import Any

from engine.commands.duties import watch
from engine.config import load


def post_worker_init(_worker: Any) -> None:
    """After the fork, so that every web process has a thread and a database connection of its own (rule 4)."""
    gc.collect()
    gc.freeze()  # the program itself is no garbage: looking through it again and again makes single requests wait
    if not load().redis_url:
        watch()
