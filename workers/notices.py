"""Tasks on messages that leave the house."""

from workers.app import app, look_after


@app.task(name="workers.send_notices")
def send_notices() -> None:
    """Text messages and mail queued by the acts of people and timers."""
    look_after("send_notices")
