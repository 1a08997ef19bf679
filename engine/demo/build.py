"""Building the living demo: the same people and the same stories on every build, ending now."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock, definitions, dryrun
from engine.cases.models import Case
from engine.db import Begin
from engine.demo import letters, opinions, plot
from engine.demo.clockwork import sweep_until, within
from engine.demo.opinions import Opinion
from engine.demo.player import Diary, Player, Wakes, names_of
from engine.organisation.models import Organisation, Place, Placement
from engine.setup.demo_organisation import set_up_demo_organisation
from engine.setup.places import import_places
from engine.workdays import operations as workday_operations
from engine.workdays import queries as workdays

SEED = 37  # 深办〔2010〕37号
ELSEWHERE = 12  # communities outside 盐田区 that take part


@dataclass(frozen=True)
class Built:
    """What the build left: cases in all, how many are new, timers fired on the way."""

    cases: int
    added: int
    fired: int


def build(session: Session, processes: Path) -> Built:
    """Places, organisations, people, calendars, procedures and the cases, in the transaction of the entry point.

    Running it again adds what is missing of the organisation and no second set of cases.
    """
    import_places(session, processes / "places" / "shenzhen.csv", processes / "places" / "rules.toml")
    set_up_demo_organisation(session)
    workday_operations.import_factory(session, processes / "calendars")
    definitions.import_factory(session, processes)
    dryrun.import_factory(session, processes)
    session.flush()
    counted = select(func.count()).select_from(Case)
    if known := session.scalar(counted):
        return Built(known, 0, 0)
    begin = within(session)
    players = list(_players(session, begin))
    fired = _play(begin, players)
    letters.send(session)
    made = session.scalar(counted) or 0
    return Built(made, made, fired)


def _players(session: Session, begin: Begin) -> Iterator[Wakes]:
    diary = Diary.ending(workdays.calendar(session), clock.today())
    studios = {
        row.code: row.id
        for row in session.execute(
            select(Place.code, Organisation.id)
            .join(Organisation, Organisation.place_id == Place.id)
            .where(Organisation.kind == "studio")
        )
    }
    lines = plot.lines(_elsewhere(session))
    told = {line.matter: cycle(_of(line.matter)) for line in lines}
    spots = cycle(opinions.places())
    for number, line in enumerate(lines):
        names = names_of(session, studios[line.community], next(spots))
        player = Player(
            begin, diary, studios[line.community], next(told[line.matter]).told(names), random.Random(SEED + number)
        )
        yield line.story(player, line.received, **line.words)


def _of(matter: str) -> list[Opinion]:
    if matter == "spot":
        return opinions.spot_opinions()
    return [opinion for opinion in opinions.opinions() if opinion.matter == matter]


def _elsewhere(session: Session) -> list[str]:
    """Communities of other districts that have a delegate, spread over the city in order of code."""
    query = (
        select(Place.code)
        .join(Placement, Placement.community_id == Place.id)
        .where(Place.code.not_like("440308%"), Place.zone.is_(False))
        .order_by(Place.code)
        .distinct()
    )
    codes = list(session.scalars(query))
    step = max(len(codes) // ELSEWHERE, 1)
    return list(islice(cycle(codes[::step]), ELSEWHERE))


def _play(begin: Begin, stories: list[Wakes]) -> int:
    """Let every story go on when its moment comes, all of them along one clock; timers fire in between."""
    waiting = [(next(story), number, story) for number, story in enumerate(stories)]
    heapq.heapify(waiting)
    fired = 0
    while waiting:
        moment, number, story = heapq.heappop(waiting)
        fired += sweep_until(begin, moment)
        with clock.frozen(moment):
            following = next(story, None)
        if following is not None:
            heapq.heappush(waiting, (following, number, story))
    return fired + sweep_until(begin, clock.now())
