"""Case numbers (填表须知1): gap-free and unique under concurrency, yearly, at least three digits (R29–R34)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from engine import clock, db, filing, intake
from engine.attachments.models import Attachment
from engine.attachments.store import Store
from engine.cases import numbering
from engine.cases.models import Case, Draft, NumberCounter
from engine.errors import Invalid
from engine.work.models import Instance
from tests import factories


class RolledBackError(Exception):
    """The registration fails at the last moment."""


def test_r31_200_registrations_at_once_of_which_40_roll_back_leave_no_gap(
    database: Engine, at: Callable[[str], object]
) -> None:
    at("2026-03-02 10:00")
    cast = factories.prepared(database)
    actor, studio_id = cast.actor("liaison"), cast.studio.id
    cast.session.close()
    form = factories.FORM | {"delegate_id": str(cast.delegates["delegate"].id)}

    def register(turn: int) -> None:
        try:
            with db.transaction(database) as session:
                intake.register(session, actor, studio_id, form)
                if turn % 5 == 4:
                    raise RolledBackError
        except RolledBackError:
            pass

    contexts = [copy_context() for _ in range(200)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda turn: contexts[turn].run(register, turn), range(200)))
    with db.reading(database) as session:
        numbers = list(session.scalars(select(Case.number).order_by(Case.sequence)))
    assert numbers == [f"沙头角街道沙头角社区2026{sequence:03d}" for sequence in range(1, 161)]


def test_one_draft_sent_by_many_at_once_becomes_one_form(
    database: Engine, at: Callable[[str], object], tmp_path: Path
) -> None:
    at("2026-03-02 10:00")
    cast = factories.prepared(database)
    actor, studio_id = cast.actor("liaison"), cast.studio.id
    cast.session.close()
    form = factories.FORM | {"delegate_id": str(cast.delegates["delegate"].id)}
    with db.transaction(database) as session:
        draft = intake.save_draft(session, actor, studio_id, form, "the-page")
        filing.keep(
            session, actor, Store(tmp_path, 1000), None, "registration", "现场.txt", b"noise", draft_id=draft.id
        )

    def register(**changes: str) -> int:
        with db.transaction(database) as session:
            return intake.register(session, actor, studio_id, form | changes, "the-page").id

    with ThreadPoolExecutor(max_workers=6) as pool:
        contexts = [copy_context() for _ in range(6)]
        answers = list(pool.map(lambda context: context.run(register), contexts))
    assert len(set(answers)) == 1
    with pytest.raises(Invalid, match="已经登记为沙头角街道沙头角社区2026001"):  # the page was used for another opinion
        register(content="另一件事")
    with db.reading(database) as session:
        assert [case.sequence for case in session.scalars(select(Case))] == [1]
        assert session.scalars(select(Instance.case_id)).all() == session.scalars(select(Attachment.case_id)).all()
        assert session.scalars(select(Draft)).all() == []
        assert session.get_one(NumberCounter, (studio_id, 2026)).last == 1


def test_the_year_turns_at_midnight_in_shenzhen(session: Session, at: Callable[[str], object]) -> None:
    at("2026-12-31 23:59:59")
    cast = factories.install(session)
    assert factories.registered(session, cast).number.endswith("2026001")
    at("2027-01-01 00:00")
    assert factories.registered(session, cast, reflected_on="2026-12-30").number == "沙头角街道沙头角社区2027001"


def test_after_999_a_fourth_digit(session: Session, at: Callable[[str], object]) -> None:
    at("2026-03-02 10:00")
    cast = factories.install(session)
    factories.registered(session, cast)
    session.execute(update(NumberCounter).values(last=999))
    case = factories.registered(session, cast)
    assert (case.number, case.sequence) == ("沙头角街道沙头角社区20261000", 1000)


def test_a_refused_form_uses_no_number_and_renaming_changes_only_later_numbers(
    session: Session, at: Callable[[str], object]
) -> None:
    at("2026-03-02 10:00")
    cast = factories.install(session)
    with pytest.raises(Invalid) as refused:
        factories.registered(session, cast, reporter_phone="", reporter_address="", content="")
    assert "content" in refused.value.errors
    first = factories.registered(session, cast)
    cast.places["沙头角社区"].name = "沙头角新社区"
    session.flush()
    second = factories.registered(session, cast)
    assert (first.number, second.number) == ("沙头角街道沙头角社区2026001", "沙头角街道沙头角新社区2026002")


def test_starting_mid_year_goes_only_upwards(session: Session, at: Callable[[str], object]) -> None:
    at("2026-03-02 10:00")
    cast = factories.install(session)
    numbering.set_next(session, cast.studio.id, 2026, 58)
    assert factories.registered(session, cast).sequence == 58
    with pytest.raises(ValueError, match="above"):
        numbering.set_next(session, cast.studio.id, 2026, 58)
    assert clock.today().year == 2026
