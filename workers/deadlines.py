"""Tasks on limits: fire what is due, find what would never move again; and what is left over."""

from workers.app import app, look_after


@app.task(name="workers.sweep_deadlines")
def sweep_deadlines() -> None:
    """Reminders, supervision and every other timer that is due (R69, R70, R71)."""
    look_after("sweep_deadlines")


@app.task(name="workers.check_stuck")
def check_stuck() -> None:
    """Cases that wait for nothing become incidents."""
    look_after("check_stuck")


@app.task(name="workers.tend_calendar")
def tend_calendar() -> None:
    """Previews, recomputations after a notice, and the year whose notice is missing (R72, R73)."""
    look_after("tend_calendar")


@app.task(name="workers.clear_files")
def clear_files() -> None:
    """Files that no case, draft or letter names any more."""
    look_after("clear_files")
