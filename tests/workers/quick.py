"""The application of the house with a beat that looks every half second; `celery -A tests.workers.quick ...`.

WATCH=on starts the thread of each process as in the real application, also looking more often; else it stays off, so
that a test knows which of the two kept the promise.
"""

import os
from typing import Any

from celery.signals import worker_process_init

from engine import config
from engine.commands.duties import Watch
from workers import app as house

app = house.app
app.conf.beat_schedule = {
    name: {**entry, "schedule": 0.5, "options": {"expires": 5}} for name, entry in house.BEAT.items()
}
app.conf.beat_max_loop_interval = 0.5
worker_process_init.disconnect(house.start_watch)


@worker_process_init.connect
def start_quick_watch(**_: Any) -> None:
    if os.environ.get("WATCH") == "on":
        Watch(config.load(), pace=0.03).start()
