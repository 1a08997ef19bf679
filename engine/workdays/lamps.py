"""The lamp beside a limit: remaining working days in words, never colour alone (R70)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine import clock
from engine.calendar import Calendar

SOFT = frozenset({"report", "tier_review"})  # roles of steps whose limit is a target: 「及时」 in article 10
SOON = 3  # 临期: due within three working days, the last day included


@dataclass(frozen=True, slots=True)
class Lamp:
    """`colour` green, yellow or red; `days` working days left, or passed when red; `words` say both."""

    colour: str
    days: int
    words: str


def lamp(calendar: Calendar, due_at: datetime, soft: bool = False) -> Lamp:
    """The lamp of a limit at this moment; a limit of a day ends at its 24:00. A `soft` one is a target of ours and
    no limit of the measures: it turns yellow and never red (R49, A12)."""
    today, due = clock.today(), last_day(due_at)
    if due_at <= clock.now():
        late = calendar.between(due, today)
        if soft:
            return Lamp("yellow", late, f"黄·转办逾时{late}个工作日" if late else "黄·转办逾时不足1个工作日")
        return Lamp("red", late, f"红·逾期{late}个工作日" if late else "红·逾期不足1个工作日")
    left = calendar.between(today, due)
    if left > SOON:
        return Lamp("green", left, f"绿·剩余{left}个工作日")
    return Lamp("yellow", left, f"黄·临期{left}个工作日" if left else "黄·今日到期")


def soon_until(calendar: Calendar) -> datetime:
    """What is due up to this moment (and not passed) is 临期: the start of the fourth working day from today."""
    return clock.at(calendar.working_days(clock.today(), SOON + 1))


def last_day(due_at: datetime) -> date:
    """The calendar date a limit belongs to: 24:00 belongs to the day it ends."""
    return clock.local(due_at - timedelta(microseconds=1)).date()
