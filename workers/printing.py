"""Tasks on what is printed in the background."""

from workers.app import app, look_after


@app.task(name="workers.print_books")
def print_books() -> None:
    """Pieces of the ledgers people wait for (R115)."""
    look_after("print_books")


@app.task(name="workers.clear_prints")
def clear_prints() -> None:
    """Books nobody fetched for a week."""
    look_after("clear_prints")
