"""The demo organisation on the whole gazetteer: enough of everything, all visibly made up, article 2 kept."""

from pathlib import Path
from time import process_time

import pytest
from sqlalchemy import func, select

from engine.errors import Conflict
from engine.organisation import delegates, passwords, queries
from engine.organisation.models import Delegate, Organisation, Person, Place, Placement, Post
from engine.setup.demo_organisation import DEMO_PASSWORD, FEATURED, DemoReport, set_up_demo_organisation
from engine.setup.places import import_places

HERE = Path(__file__).resolve().parents[2] / "processes" / "places"


@pytest.fixture
def demo(session) -> float:
    """The demo organisation; the value is the processor time it took with the gazetteer."""
    start = process_time()
    import_places(session, HERE / "shenzhen.csv", HERE / "rules.toml")
    set_up_demo_organisation(session)
    return process_time() - start


def test_it_is_all_there(demo: float, session) -> None:
    assert demo < 10
    assert set_up_demo_organisation(session) == DemoReport(0, 0, 0)  # twice changes nothing
    _enough_units(session)
    _somebody_everywhere(session)
    _delegates_as_article_2_asks(session)
    _everybody_is_made_up(session)
    _featured_people_sign_in(session)


def _enough_units(session) -> None:
    least = {"street": 8, "district": 20, "city": 30}
    counts = session.execute(
        select(Place.tier, Place.id, func.count(Organisation.id))
        .outerjoin(Organisation, (Organisation.place_id == Place.id) & (Organisation.kind == "unit"))
        .where(Place.tier != "community", Place.zone.is_(False))
        .group_by(Place.tier, Place.id)
    ).all()
    assert len(counts) == 74 + 10 + 1
    assert all(count >= least[tier] for tier, _, count in counts)
    assert all(unit.matters for unit in session.scalars(select(Organisation).where(Organisation.kind == "unit")))


def _somebody_everywhere(session) -> None:
    assert queries.flagged_studios(session) == []
    held = {(row.organisation_id, row.duty) for row in session.execute(select(Post.organisation_id, Post.duty))}
    for organisation in session.scalars(select(Organisation).where(Organisation.kind.in_(("unit", "department")))):
        assert (organisation.id, "head") in held
        assert (organisation.id, "staff") in held
    fallback = session.scalars(select(Organisation).where(Organisation.established.is_(False))).all()
    assert 20 < len(fallback) < 50  # some communities show R12
    for studio in fallback:
        assert queries.liaison_of(session, studio.id).name.startswith("演示书记")


def _delegates_as_article_2_asks(session) -> None:
    found = session.scalars(select(Delegate)).all()
    assert len(found) >= 300
    pairs = 0
    for delegate in found:
        communities = list(session.scalars(select(Placement.community_id).where(Placement.delegate_id == delegate.id)))
        assert delegates.placement_problem(session, delegate.category, communities) == ""
        pairs += len(communities) == 2
    assert pairs == 2
    yantian = session.scalars(select(Place).where(Place.code.startswith("440308"), Place.tier == "community",
                                                  Place.zone.is_(False)))  # fmt: skip
    assert all(queries.delegates_of(session, place.id) for place in yantian)


def _everybody_is_made_up(session) -> None:
    assert all(name.startswith("演示") for name in session.scalars(select(Person.name)))
    assert session.scalar(select(func.count()).where(Person.phone != "")) == 0


def _featured_people_sign_in(session) -> None:
    for login, _role, shown in FEATURED:
        person = session.scalars(select(Person).where(Person.login == login)).one()
        actor = queries.actor(session, person.id)
        names = [session.get(Organisation, post.organisation_id).name for post in actor.posts]
        if actor.delegate_id is not None:
            names = ["、".join(sorted(p.name for p in queries.communities_of(session, actor.delegate_id)))]
            shown_in_order = "、".join(sorted(shown.split("、")))
        else:
            shown_in_order = shown
        assert shown_in_order in names, login
    assert passwords.sign_in(session, FEATURED[0][0], DEMO_PASSWORD).person is not None


def test_it_needs_the_gazetteer(session) -> None:
    with pytest.raises(Conflict, match="import-places"):
        set_up_demo_organisation(session)
    assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_a_small_gazetteer_will_do(session, tmp_path: Path) -> None:
    lines = ["district_code,district,street_code,street,community_code,community",
             "440308,盐田区,440308003,沙头角街道,440308003006,沙头角居委会"]  # fmt: skip
    (tmp_path / "p.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "r.toml").write_text('[city]\ncode = "440300"\nname = "深圳市"\n', encoding="utf-8")
    import_places(session, tmp_path / "p.csv", tmp_path / "r.toml")
    assert set_up_demo_organisation(session).delegates == 320
