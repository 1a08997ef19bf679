"""Who may do what: deny by default, each tier its own area, administrators without case content (R54, R63, R76).

Pure functions: one cast, read from SQLite once, serves them all.
"""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy.orm import Session

from engine import access, db
from engine.access import Actor, CaseScope, OrganisationScope, PostRef, TaskScope, Verb, may, require
from engine.errors import Forbidden, NotFound
from tests import people

CASE_VERBS = [Verb.CASE_READ, Verb.COPY_READ, Verb.DIAGRAM_READ, Verb.CASE_WITHDRAW]
AREA = {"liaison", "secretary", "street_clerk", "street_colleague", "street_head", "district_clerk", "district_head"}
CITY = {"city_clerk", "city_head"}


@pytest.fixture(scope="module")
def cast(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[people.Cast]:
    file = tmp_path_factory.mktemp("access") / "cast.sqlite3"
    database = db.connect(f"sqlite:///{copyfile(_sqlite_template, file)}")
    with Session(database) as session:
        yield people.settle(session)
    database.dispose()


@pytest.fixture(scope="module")
def case(cast: people.Cast) -> CaseScope:
    """A case of 沙头角社区, signed by `delegate`, referred to the street's 城管科."""
    return CaseScope(
        studio_id=cast.studio.id,
        street_id=cast.places["沙头角街道"].id,
        district_id=cast.places["盐田区"].id,
        delegate_person_id=cast.id("delegate"),
        organisation_ids=frozenset({cast.unit("street").id, cast.department("street").id}),
    )


@pytest.mark.parametrize("verb", CASE_VERBS)
def test_who_reads_a_case(cast: people.Cast, case: CaseScope, verb: Verb) -> None:
    readers = {role for role in people.ROLES if may(cast.actor(role), verb, case)}
    assert readers == AREA | CITY | {"unit_clerk", "unit_head", "delegate"}


def test_the_committee_reads_what_reached_it(cast: people.Cast, case: CaseScope) -> None:
    reached = CaseScope(case.studio_id, case.street_id, case.district_id, case.delegate_person_id, committee=True)
    assert not may(cast.actor("committee_clerk"), Verb.CASE_READ, case)
    assert may(cast.actor("committee_clerk"), Verb.CASE_READ, reached)
    assert not may(cast.actor("unit_clerk"), Verb.CASE_READ, reached)


def test_reach_and_case_read_are_one_truth(cast: people.Cast, case: CaseScope) -> None:
    for role in people.ROLES:
        actor = cast.actor(role)
        assert access.reach(actor).covers(case) == may(actor, Verb.CASE_READ, case)


def test_out_of_scope_is_not_found_and_a_forbidden_verb_is_forbidden(cast: people.Cast, case: CaseScope) -> None:
    with pytest.raises(NotFound):
        require(cast.actor("second_street_clerk"), Verb.CASE_READ, case)
    with pytest.raises(NotFound):
        require(cast.actor("second_street_clerk"), Verb.CASE_TERMINATE, case)
    with pytest.raises(Forbidden, match="终止"):
        require(cast.actor("unit_clerk"), Verb.CASE_TERMINATE, case)
    with pytest.raises(Forbidden, match="查看意见建议"):
        require(cast.actor("outsider"), Verb.CASE_READ, case)
    require(cast.actor("street_clerk"), Verb.CASE_READ, case)


def test_only_departments_of_the_area_terminate(cast: people.Cast, case: CaseScope) -> None:
    allowed = {role for role in people.ROLES if may(cast.actor(role), Verb.CASE_TERMINATE, case)}
    assert allowed == (AREA | CITY) - {"liaison", "secretary"}


def test_only_the_signing_delegate_consents(cast: people.Cast, case: CaseScope) -> None:
    """R63: nobody in the unit, the organisation department or the administration answers for him."""
    task = TaskScope(organisation_id=None, person_id=cast.id("delegate"), case=case)
    for subject in (case, task):
        assert [r for r in people.ROLES if may(cast.actor(r), Verb.EXTENSION_CONSENT, subject)] == ["delegate"]
    for role in ("unit_clerk", "street_head", "system_administrator", "procedure_administrator"):
        with pytest.raises(Forbidden):
            require(cast.actor(role), Verb.EXTENSION_CONSENT, case)
    with pytest.raises(NotFound):
        require(cast.actor("other_delegate"), Verb.EXTENSION_CONSENT, case)


def test_only_the_handling_unit_asks_for_an_extension(cast: people.Cast, case: CaseScope) -> None:
    task = TaskScope(cast.unit("street").id, "staff", case=case)
    for subject in (case, task):
        allowed = {role for role in people.ROLES if may(cast.actor(role), Verb.EXTENSION_REQUEST, subject)}
        assert allowed == {"unit_clerk", "unit_head"}


def test_the_outsider_is_always_refused(cast: people.Cast, case: CaseScope) -> None:
    outsider = cast.actor("outsider")
    open_to_all = {Verb.CASE_TRACK, Verb.DEMO_USE, Verb.CLOCK_ADVANCE, Verb.SESSION_OWN}
    signed_in = open_to_all | {Verb.PLACES_READ}
    task = TaskScope(cast.unit("street").id, case=case)
    studio = OrganisationScope("community", (), cast.studio.id)
    assert {verb for verb in Verb if may(outsider, verb)} == signed_in | {Verb.DIAGRAM_READ}
    for subject in (case, task, studio):
        assert {verb for verb in Verb if may(outsider, verb, subject)} == signed_in
    assert {verb for verb in Verb if may(None, verb)} == open_to_all


@pytest.mark.parametrize("role", ["system_administrator", "procedure_administrator", "auditor"])
def test_administrators_read_no_case(cast: people.Cast, case: CaseScope, role: str) -> None:
    actor = cast.actor(role)
    task = TaskScope(cast.unit("street").id, person_id=actor.person_id, case=case)
    content = [verb for verb in Verb if verb.value.startswith(("case.", "task.", "copy.", "ledger.", "extension."))]
    for verb in content:
        if verb is not Verb.CASE_TRACK:
            assert not may(actor, verb, case)
            assert not may(actor, verb, task)


def test_an_administrator_with_a_second_post_still_reads_no_case(case: CaseScope) -> None:
    both = Actor(1, "甲", (
        PostRef(900, "auditor", "administration", "city", 1), PostRef(901, "head", "department", "city", 1),
    ), delegate_id=5)  # fmt: skip
    assert not access.reach(both)
    assert not may(both, Verb.CASE_READ, case)
    assert not may(both, Verb.CASE_TERMINATE, case)


def test_administration_belongs_to_the_system_administrator(cast: people.Cast) -> None:
    for verb in (Verb.PEOPLE_MANAGE, Verb.ORGANISATION_MANAGE):
        assert [role for role in people.ROLES if may(cast.actor(role), verb)] == ["system_administrator"]
    incidents = {role for role in people.ROLES if may(cast.actor(role), Verb.INCIDENT_READ)}
    administrators = {"system_administrator", "procedure_administrator", "second_procedure_administrator"}
    assert incidents == administrators


def test_a_pool_is_open_to_its_duty_and_to_the_head(cast: people.Cast, case: CaseScope) -> None:
    def claimers(duty: str) -> set[str]:
        task = TaskScope(cast.department("street").id, duty, case=case)
        return {role for role in people.ROLES if may(cast.actor(role), Verb.TASK_CLAIM, task)}

    assert claimers("staff") == {"street_clerk", "street_colleague", "street_head"}
    assert claimers("") == {"street_clerk", "street_colleague", "street_head"}
    assert claimers("head") == {"street_head"}


def test_a_task_is_completed_by_its_holder_only(cast: people.Cast, case: CaseScope) -> None:
    held = TaskScope(cast.department("street").id, "staff", assignee_id=cast.id("street_clerk"), case=case)
    assert [r for r in people.ROLES if may(cast.actor(r), Verb.TASK_COMPLETE, held)] == ["street_clerk"]
    assert {r for r in people.ROLES if may(cast.actor(r), Verb.TASK_RELEASE, held)} == {"street_clerk", "street_head"}
    moved_on = TaskScope(cast.unit("street").id, "staff", assignee_id=cast.id("street_clerk"), case=case)
    assert not may(cast.actor("street_clerk"), Verb.TASK_COMPLETE, moved_on)  # no longer belongs to that pool


def test_a_personal_task_is_nobody_elses(cast: people.Cast, case: CaseScope) -> None:
    own = TaskScope(None, person_id=cast.id("delegate"), case=case)
    assert [r for r in people.ROLES if may(cast.actor(r), Verb.TASK_COMPLETE, own)] == ["delegate"]
    assert not any(may(cast.actor(r), Verb.TASK_CLAIM, own) for r in people.ROLES)
    assert not any(may(cast.actor(r), Verb.TASK_RELEASE, own) for r in people.ROLES)


def test_a_liaison_registers_in_the_own_studio_only(cast: people.Cast) -> None:
    studio = OrganisationScope("community", (cast.places["沙头角社区"].id,), cast.studio.id)
    assert [r for r in people.ROLES if may(cast.actor(r), Verb.CASE_REGISTER, studio)] == ["liaison"]
    with pytest.raises(NotFound):
        require(cast.actor("next_liaison"), Verb.CASE_REGISTER, studio)
    unestablished = cast.organisations["studio-440308004003"]
    fallback = OrganisationScope("community", (unestablished.place_id,), unestablished.id)
    assert [r for r in people.ROLES if may(cast.actor(r), Verb.CASE_REGISTER, fallback)] == ["second_street_secretary"]


def test_ledger_and_liaison_terms_follow_the_area(cast: people.Cast) -> None:
    path = tuple(cast.places[name].id for name in ("沙头角社区", "沙头角街道", "盐田区", "深圳市"))
    studio = OrganisationScope("community", path, cast.studio.id)
    readers = {role for role in people.ROLES if may(cast.actor(role), Verb.LEDGER_READ, studio)}
    assert readers == AREA | CITY
    appointers = {role for role in people.ROLES if may(cast.actor(role), Verb.LIAISON_APPOINT, studio)}
    assert appointers == (AREA | CITY | {"system_administrator"}) - {"liaison", "secretary"}


def test_rating_is_recorded_by_its_parties(cast: people.Cast, case: CaseScope) -> None:
    parties = {role for role in people.ROLES if may(cast.actor(role), Verb.RATING_RECORD, case)}
    assert parties == {"liaison", "secretary", "delegate", "street_clerk", "street_colleague", "street_head"}


def test_every_verb_has_a_rule_and_a_chinese_word() -> None:
    assert set(access.POLICY) == set(Verb)
    assert len({verb.label for verb in Verb}) == len(Verb)
    assert all("\u4e00" <= verb.label[0] <= "\u9fff" for verb in Verb)


def test_a_verb_without_rule_is_denied(cast: people.Cast, case: CaseScope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(access.POLICY, Verb.CASE_READ)
    assert not may(cast.actor("city_head"), Verb.CASE_READ, case)
    with pytest.raises(Forbidden):
        require(cast.actor("city_head"), Verb.CASE_READ)
