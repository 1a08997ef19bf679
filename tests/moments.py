"""Moments as a person in Shenzhen writes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from engine import clock


def moment(when: str | date | datetime) -> datetime:
    """`2026-03-05`, `2026-03-05 09:00` (Shenzhen time), a date (its 00:00), or an aware datetime."""
    if isinstance(when, str):
        when = datetime.fromisoformat(when) if len(when) > 10 else date.fromisoformat(when)
    if isinstance(when, datetime):
        return when if when.tzinfo else when.replace(tzinfo=clock.SHANGHAI)
    return clock.at(when)


@contextmanager
def at(when: str | date | datetime) -> Iterator[datetime]:
    """Hold the clock there: `with at("2026-03-05 09:00"): ...` (this thread's context only)."""
    with clock.frozen(moment(when)):
        yield moment(when)
