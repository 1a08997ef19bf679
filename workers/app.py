"""The Celery application and its one beat table. Celery only says "look now": what is due stands in the database.

Nothing here is lost with the broker. No eta, countdown or retry(countdown): on Redis they run several times; no result
backend; tasks are idempotent, so late acknowledgement and delivery twice do no harm (rule 4).
"""

import logging
from functools import cache
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from engine import config, db
from engine.commands import duties
from engine.commands.sessions import opener
from engine.config import Settings
from engine.db import Begin

HARD_LIMIT = 120  # seconds; a task killed here rolls back and the next look goes on
SOCKET_TIMEOUT = 10.0


def entry(duty: str) -> dict[str, Any]:
    """A beat entry for a duty; a message older than its period is dropped, the next one asks the same."""
    seconds = duties.DUTIES[duty].seconds
    return {"task": f"workers.{duty}", "schedule": seconds, "options": {"expires": seconds}}


# The one table of everything that happens by itself; tests/workers/test_app.py compares it with the tasks.
BEAT = {
    "sweep deadlines": entry("sweep_deadlines"),
    "send notices": entry("send_notices"),
    "check for stuck cases": entry("check_stuck"),
    "tend the calendar": entry("tend_calendar"),
    "print ordered books": entry("print_books"),
    "clear old prints": entry("clear_prints"),
    "clear files nobody names": entry("clear_files"),
}

BROKER = {
    # A message is handed out again when its worker has been silent this long: longer than any task may run.
    "visibility_timeout": 600,
    # Look for such messages every 5 s: kombu multiplies the two, and its defaults make that 100 s.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A broker that vanished without a word must not hold a publisher or a consumer for ever.
    "socket_timeout": SOCKET_TIMEOUT,
    "socket_connect_timeout": 5.0,
    "socket_keepalive": True,
    "health_check_interval": 10,
}


def configuration(settings: Settings) -> dict[str, Any]:
    """Every setting of Celery we decide on; the others are its defaults."""
    return {
        "broker_url": settings.redis_url or "memory://",
        "broker_transport_options": BROKER if settings.redis_url else {},
        "broker_connection_timeout": 5.0,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_pool_limit": 4,
        "result_backend": None,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": "lianxin",
        "task_acks_late": True,
        "task_reject_on_worker_lost": False,  # whatever it was looking for, the next look finds it
        "task_time_limit": HARD_LIMIT,
        "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.2, "interval_step": 0.5},
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": 2000,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_send_task_events": False,
        "enable_utc": True,
        "timezone": "Asia/Shanghai",
        "beat_schedule": BEAT,
        "beat_max_loop_interval": 30,
        "beat_sync_every": 1,
    }


app = Celery("lianxin", include=["workers.deadlines", "workers.notices", "workers.printing"])
app.conf.update(configuration(config.load()))


@cache
def begin() -> Begin:
    """How a task of this process opens a transaction; the connections belong to the process that asks first."""
    settings = config.load()
    return opener(db.connect(settings.database_url), settings)


def look_after(duty: str) -> None:
    """Do one round of a duty; a failure is logged and the next message tries again."""
    duties.DUTIES[duty].run(begin(), config.load())


@worker_process_init.connect
def start_watch(**_: Any) -> None:
    """In each process of the pool a thread that needs no broker (the parent forks, so no thread there)."""
    duties.watch()


@setup_logging.connect
def set_up_logging(loglevel: int | str | None = None, **_: Any) -> None:
    """One line per thing done; beat and the tasks stay quiet, else a line every half minute fills the disk."""
    logging.basicConfig(
        level=loglevel or logging.INFO, format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
    )
    logging.getLogger("celery.beat").setLevel(logging.WARNING)
    for name in ("celery.worker.strategy", "celery.worker.request", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)
