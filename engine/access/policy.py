"""The policy: one table, verb → (who holds it at all, on which subjects). What is not in it is denied to everybody."""

from collections.abc import Callable

from engine.access.subjects import (
    WORKING_KINDS,
    Actor,
    CaseScope,
    OrganisationScope,
    Subject,
    TaskScope,
    administrates,
    in_pool,
    reach,
)
from engine.access.verbs import Verb
from engine.errors import Forbidden, NotFound

# ------------------------------------------------------------------------------------------------ who holds a verb
# at all, whatever the subject
Holds = Callable[[Actor | None], bool]


def _anyone(_actor: Actor | None) -> bool:
    return True


def _signed_in(actor: Actor | None) -> bool:
    return actor is not None


def _works(actor: Actor | None) -> bool:
    return actor is not None and bool(reach(actor))


def _kind(*kinds: str) -> Holds:
    def holds(actor: Actor | None) -> bool:
        return actor is not None and not administrates(actor) and any(post.kind in kinds for post in actor.posts)

    return holds


def _duty(*duties: str) -> Holds:
    def holds(actor: Actor | None) -> bool:
        return actor is not None and any(post.duty in duties for post in actor.posts)

    return holds


def _either(*rules: Holds) -> Holds:
    def holds(actor: Actor | None) -> bool:
        return any(rule(actor) for rule in rules)

    return holds


def _delegate(actor: Actor | None) -> bool:
    return actor is not None and reach(actor).delegate_person_id is not None


# ------------------------------------------------------------------------------------------------ on which subjects
Covers = Callable[[Actor, Subject], bool]


def _case_of(subject: Subject) -> CaseScope | None:
    if isinstance(subject, TaskScope):
        return subject.case
    return subject if isinstance(subject, CaseScope) else None


def _any_subject(_actor: Actor, _subject: Subject) -> bool:
    return True


def _readable(actor: Actor, subject: Subject) -> bool:
    case = _case_of(subject)
    return case is not None and reach(actor).covers(case)


def _own_studio(actor: Actor, subject: Subject) -> bool:
    return isinstance(subject, OrganisationScope) and any(
        post.duty == "liaison" and post.organisation_id == subject.organisation_id for post in actor.posts
    )


def _department_of_area(actor: Actor, subject: Subject) -> bool:
    case = _case_of(subject)
    seen = reach(actor)
    return case is not None and (
        seen.city or case.street_id in seen.street_ids or case.district_id in seen.district_ids
    )


def _area(actor: Actor, subject: Subject) -> bool:
    """An organisation inside the area of one of the actor's organisation departments."""
    return isinstance(subject, OrganisationScope) and any(
        post.kind == "department" and post.place_id in subject.place_ids for post in actor.posts
    )


def _ledger(actor: Actor, subject: Subject) -> bool:
    if not isinstance(subject, OrganisationScope):
        return _department_of_area(actor, subject) or _studio_of_case(actor, subject)
    own = any(post.organisation_id == subject.organisation_id for post in actor.posts if post.kind == "studio")
    return own or _area(actor, subject)


def _studio_of_case(actor: Actor, subject: Subject) -> bool:
    case = _case_of(subject)
    return case is not None and any(post.organisation_id == case.studio_id for post in actor.posts)


def _task_seen(actor: Actor, subject: Subject) -> bool:
    return _task_mine_or_pool(actor, subject) or _readable(actor, subject)


def _task_mine_or_pool(actor: Actor, subject: Subject) -> bool:
    return isinstance(subject, TaskScope) and (subject.person_id == actor.person_id or in_pool(actor, subject))


def _task_pool(actor: Actor, subject: Subject) -> bool:
    return isinstance(subject, TaskScope) and subject.person_id is None and in_pool(actor, subject)


def _task_mine(actor: Actor, subject: Subject) -> bool:
    """Held by the actor or an absent colleague the actor stands in for, and the actor still belongs to the pool: a
    task does not follow somebody out of office."""
    if not isinstance(subject, TaskScope):
        return False
    held = subject.assignee_id in actor.ids and in_pool(actor, subject)
    return held if subject.person_id is None else subject.person_id == actor.person_id


def _task_release(actor: Actor, subject: Subject) -> bool:
    heads = {post.organisation_id for post in actor.posts if post.duty == "head"}
    if not isinstance(subject, TaskScope) or subject.person_id is not None:
        return False
    return _task_mine(actor, subject) or subject.organisation_id in heads


def _unit_handling(actor: Actor, subject: Subject) -> bool:
    if isinstance(subject, TaskScope):
        return in_pool(actor, subject)
    case = _case_of(subject)
    units = {post.organisation_id for post in actor.posts if post.kind == "unit"}
    return case is not None and not units.isdisjoint(case.organisation_ids)


def _signing_delegate(actor: Actor, subject: Subject) -> bool:
    """Article 11 「经商市党代表同意」: the delegate who signed, and nobody for him (R63)."""
    case = _case_of(subject)
    for_him = not isinstance(subject, TaskScope) or subject.person_id in (None, actor.person_id)
    return case is not None and for_him and case.delegate_person_id == actor.person_id


def _liaison_of_case(actor: Actor, subject: Subject) -> bool:
    """The liaison of the studio that registered the case (R63, R64)."""
    case = _case_of(subject)
    return case is not None and any(
        post.duty == "liaison" and post.organisation_id == case.studio_id for post in actor.posts
    )


def _cosigner(actor: Actor, subject: Subject) -> bool:
    """A delegate who signed the form beside the leading one (R64)."""
    case = _case_of(subject)
    return case is not None and actor.person_id in case.cosigner_ids


def _deliverer(actor: Actor, subject: Subject) -> bool:
    """Who brings the answer to the reporter: the studio, or the department that relays it (R66, A28)."""
    return _liaison_of_case(actor, subject) or _department_of_area(actor, subject)


def _reaches_reporter(actor: Actor, subject: Subject) -> bool:
    """Who has to reach the reporter: the studio, the signing delegate, and the unit that answers — but not the unit
    when the reporter asked for secrecy (填表须知2, R99, A28)."""
    case = _case_of(subject)
    if case is None:
        return False
    unit = not case.confidential and _unit_handling(actor, case)
    return unit or _studio_of_case(actor, case) or case.delegate_person_id == actor.person_id


def _rating_party(actor: Actor, subject: Subject) -> bool:
    """Article 12: the street's organisation department with the delegate and the reporter (through the studio)."""
    case = _case_of(subject)
    return case is not None and (
        case.street_id in reach(actor).street_ids
        or _studio_of_case(actor, subject)
        or _signing_delegate(actor, subject)
    )


def _street_head(actor: Actor, subject: Subject) -> bool:
    """Annex 2 「街道组织部门负责人」: of the street where the opinion was raised (R114)."""
    case = _case_of(subject)
    return case is not None and any(
        (post.kind, post.tier, post.duty, post.place_id) == ("department", "street", "head", case.street_id)
        for post in actor.posts
    )


def _city_department(actor: Actor | None) -> bool:
    """Article 13 「由市委组织部负责解释」: clerks and heads of the city's organisation department (R88)."""
    return (
        actor is not None
        and not administrates(actor)
        and any((post.kind, post.tier) == ("department", "city") for post in actor.posts)
    )


def _studio_or_department(actor: Actor, subject: Subject) -> bool:
    """Article 12: the organisation departments and the studio follow the whole handling (R76)."""
    return _department_of_area(actor, subject) or _studio_of_case(actor, subject)


def _upper_department(actor: Actor | None) -> bool:
    """「由市、区委组织部门负责统筹安排」: the organisation departments of district and city (article 5, R64)."""
    return (
        actor is not None
        and not administrates(actor)
        and any(post.kind == "department" and post.tier in ("district", "city") for post in actor.posts)
    )


_system = _duty("system_administrator")
_procedure = _duty("procedure_administrator")

# verb -> (who holds it at all, on which subjects). A verb missing here is denied to everybody.
POLICY: dict[Verb, tuple[Holds, Covers]] = {
    Verb.CASE_READ: (_works, _readable),
    Verb.CASE_REGISTER: (_duty("liaison"), _own_studio),
    Verb.CASE_SEARCH: (_works, _any_subject),
    Verb.CASE_TERMINATE: (_kind("department"), _department_of_area),
    Verb.CASE_WITHDRAW: (_works, _readable),
    Verb.CASE_TRACK: (_anyone, _any_subject),
    # 三员 administrators never learn how a reporter is reached; departments do for a reason that is kept
    Verb.CONTACT_READ: (_works, _reaches_reporter),
    Verb.CONTACT_REVEAL: (_kind("department", "committee"), _readable),
    Verb.SUBMISSION_HANDLE: (_duty("liaison"), _own_studio),
    Verb.NOTICES_READ: (_duty("system_administrator", "auditor"), _any_subject),
    Verb.TASK_READ: (_works, _task_seen),
    Verb.TASK_CLAIM: (_kind(*WORKING_KINDS), _task_pool),
    Verb.TASK_RELEASE: (_kind(*WORKING_KINDS), _task_release),
    Verb.TASK_COMPLETE: (_works, _task_mine),
    Verb.EXTENSION_REQUEST: (_kind("unit"), _unit_handling),
    Verb.EXTENSION_CONSENT: (_delegate, _signing_delegate),
    Verb.EXTENSION_RECORD: (_duty("liaison"), _liaison_of_case),
    Verb.EXTENSION_VIEW: (_delegate, _cosigner),
    Verb.COSIGNER_ADD: (_duty("liaison"), _liaison_of_case),
    Verb.DELEGATE_REPLACE: (_upper_department, _department_of_area),
    Verb.COPY_DELIVER: (_either(_duty("liaison"), _kind("department")), _deliverer),
    Verb.HANDLING_FILE: (_kind("unit"), _unit_handling),
    Verb.CASE_URGE: (_kind("department", "studio"), _studio_or_department),
    Verb.SUPERVISION_ISSUE: (_kind("department"), _department_of_area),
    Verb.SUPERVISION_REPLY: (_kind("unit"), _unit_handling),
    Verb.SUPERVISION_OPINE: (_delegate, _signing_delegate),
    Verb.HANDLING_RECALL: (_kind("department"), _department_of_area),
    Verb.DEPUTY_SET: (_either(_works, _system), _any_subject),
    Verb.TASK_HAND_OVER: (_either(_duty("head"), _system), _any_subject),
    Verb.RATING_RECORD: (_either(_kind("department", "studio"), _delegate), _rating_party),
    Verb.RATING_CORRECT: (_duty("head"), _street_head),
    Verb.CONSULTATION_CALL: (_kind("department", "studio"), _studio_or_department),
    Verb.COPY_READ: (_works, _readable),
    Verb.LEDGER_READ: (_kind("studio", "department"), _ledger),
    Verb.DIAGRAM_READ: (_signed_in, _readable),
    Verb.PEOPLE_MANAGE: (_system, _any_subject),
    Verb.ORGANISATION_MANAGE: (_system, _any_subject),
    Verb.LIAISON_APPOINT: (_either(_system, _kind("department")), lambda a, s: _system(a) or _area(a, s)),
    Verb.FONTS_MANAGE: (_system, _any_subject),
    Verb.PLACES_READ: (_signed_in, _any_subject),
    # the pages of the demo exist only in demo mode, which production refuses (engine.config)
    Verb.DEMO_USE: (_anyone, _any_subject),
    Verb.CLOCK_ADVANCE: (_anyone, _any_subject),
    Verb.INCIDENT_READ: (_duty("system_administrator", "procedure_administrator"), _any_subject),
    # Procedure administrators see steps, dates and case numbers, never what a case says.
    Verb.INSTANCE_OPERATE: (_procedure, _any_subject),
    Verb.INSTANCE_MIGRATE: (_procedure, _any_subject),
    Verb.DEFINITION_READ: (_duty("procedure_administrator", "auditor"), _any_subject),
    Verb.DEFINITION_PUBLISH: (_procedure, _any_subject),
    Verb.CALENDAR_READ: (_either(_city_department, _duty("procedure_administrator", "auditor")), _any_subject),
    Verb.CALENDAR_PROPOSE: (_city_department, _any_subject),
    Verb.CALENDAR_RELEASE: (_city_department, _any_subject),
    Verb.PARAMETERS_READ: (_either(_city_department, _duty("procedure_administrator", "auditor")), _any_subject),
    Verb.PARAMETERS_CHANGE: (_city_department, _any_subject),
    Verb.ARTICLES_READ: (_either(_city_department, _duty("procedure_administrator", "auditor")), _any_subject),
    Verb.SESSION_OWN: (_anyone, _any_subject),
}


def may(actor: Actor | None, verb: Verb, subject: Subject | None = None) -> bool:
    """Is this allowed? Without a subject: does the actor hold the verb at all (menus, routes); None = nobody signed in.

    An operation on a case, task or organisation always passes its scope.
    """
    if verb not in POLICY:
        return False
    holds, covers = POLICY[verb]
    if not holds(actor):
        return False
    return subject is None or actor is None or covers(actor, subject)


def require(actor: Actor | None, verb: Verb, subject: Subject | None = None) -> None:
    """Allow, or refuse: `NotFound` when the subject is outside the actor's reach (nothing is given away), `Forbidden`
    when the actor holds no such verb, or sees the subject but may not do this to it."""
    if may(actor, verb, subject):
        return
    holds = verb in POLICY and POLICY[verb][0](actor)
    if holds and actor is not None and subject is not None and not _in_scope(actor, subject):
        raise NotFound
    raise Forbidden(verb=verb.label)


def _in_scope(actor: Actor, subject: Subject) -> bool:
    """Does the actor know that this subject exists? Organisations are public inside the house."""
    if isinstance(subject, OrganisationScope):
        return _own_studio(actor, subject) or _area(actor, subject)
    return _task_seen(actor, subject)
