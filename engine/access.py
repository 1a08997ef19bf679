"""Who may do what: one closed list of verbs, one policy table, denied by default (rule 6).

Pure functions over plain values: an `Actor` (a person with the posts held today) and a scope (the few facts of a case,
a task or an organisation that decide). Tables are read elsewhere; engine.organisation.queries makes the actor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import Forbidden, NotFound

WORKING_KINDS = frozenset({"studio", "department", "unit", "committee"})
ADMINISTRATORS = frozenset({"system_administrator", "procedure_administrator", "auditor"})


class Verb(StrEnum):
    """Everything anybody may be allowed to do; `label` is the word on screen."""

    label: str

    def __new__(cls, value: str, label: str) -> "Verb":
        """A member is its code; the label travels with it."""
        verb = str.__new__(cls, value)
        verb._value_ = value
        verb.label = label
        return verb

    CASE_READ = "case.read", "查看意见建议"
    CASE_REGISTER = "case.register", "登记"
    CASE_SEARCH = "case.search", "查询"
    CASE_TERMINATE = "case.terminate", "终止"
    CASE_WITHDRAW = "case.withdraw", "撤回"
    CASE_TRACK = "case.track", "查询办理进度"
    TASK_READ = "task.read", "查看待办"
    TASK_CLAIM = "task.claim", "签收"
    TASK_RELEASE = "task.release", "退还"
    TASK_COMPLETE = "task.complete", "办理"
    EXTENSION_REQUEST = "extension.request", "申请延期"
    EXTENSION_CONSENT = "extension.consent", "同意延期"
    RATING_RECORD = "rating.record", "评议"
    COPY_READ = "copy.read", "查看抄送"
    LEDGER_READ = "ledger.read", "查看跟踪明细帐"
    DIAGRAM_READ = "diagram.read", "查看流程图"
    PEOPLE_MANAGE = "people.manage", "人员管理"
    ORGANISATION_MANAGE = "organisation.manage", "机构管理"
    LIAISON_APPOINT = "liaison.appoint", "指定联络员"
    PLACES_READ = "places.read", "查看区划"
    DEMO_USE = "demo.use", "切换演示人员"
    CLOCK_ADVANCE = "clock.advance", "推进演示时钟"
    INCIDENT_READ = "incident.read", "查看异常"
    SESSION_OWN = "session.own", "登录和修改本人密码"


@dataclass(frozen=True)
class PostRef:
    """A duty held today in one organisation. An acting liaison (R12) holds a second PostRef with duty `liaison`."""

    organisation_id: int
    duty: str
    kind: str
    tier: str
    place_id: int


@dataclass(frozen=True)
class Actor:
    """A signed-in person; `delegate_id` is set while the person is a delegate in office."""

    person_id: int
    name: str
    posts: tuple[PostRef, ...] = ()
    delegate_id: int | None = None


@dataclass(frozen=True)
class CaseScope:
    """What decides about a case. `organisation_ids`: units and departments that took part; `committee`: it reached
    the city committee."""

    studio_id: int
    street_id: int
    district_id: int
    delegate_person_id: int
    organisation_ids: frozenset[int] = frozenset()
    committee: bool = False


@dataclass(frozen=True)
class TaskScope:
    """What decides about a task: its pool (everybody with `duty` in the organisation, "" = anybody there) or the one
    person it is for, and who holds it."""

    organisation_id: int | None
    duty: str = ""
    person_id: int | None = None
    assignee_id: int | None = None
    case: CaseScope | None = None


@dataclass(frozen=True)
class OrganisationScope:
    """An organisation, or a place as one; `place_ids` is the path from its own place up to the city."""

    tier: str
    place_ids: tuple[int, ...] = ()
    organisation_id: int | None = None


Subject = CaseScope | TaskScope | OrganisationScope


@dataclass(frozen=True)
class Reach:
    """The cases a person may read, as plain ids: lists filter by it, `case.read` is decided by it (one truth)."""

    organisation_ids: frozenset[int] = frozenset()  # studios: their own cases; all: cases they took part in
    street_ids: frozenset[int] = frozenset()
    district_ids: frozenset[int] = frozenset()
    city: bool = False
    committee: bool = False
    delegate_person_id: int | None = None

    def __bool__(self) -> bool:
        return self.city or self.committee or self.delegate_person_id is not None or bool(self.organisation_ids)

    def covers(self, case: CaseScope) -> bool:
        """Is this case within reach? (R54: each its own area; R76: all four levels of the area read it.)"""
        return (
            self.city
            or case.studio_id in self.organisation_ids
            or not self.organisation_ids.isdisjoint(case.organisation_ids)
            or case.street_id in self.street_ids
            or case.district_id in self.district_ids
            or (self.committee and case.committee)
            or (self.delegate_person_id is not None and case.delegate_person_id == self.delegate_person_id)
        )


def reach(actor: Actor) -> Reach:
    """Which cases the actor may read; the three administrators read none, whatever else they hold."""
    if _administrates(actor):
        return Reach()
    departments = [post for post in actor.posts if post.kind == "department"]
    return Reach(
        organisation_ids=frozenset(post.organisation_id for post in actor.posts if post.kind in WORKING_KINDS),
        street_ids=frozenset(post.place_id for post in departments if post.tier == "street"),
        district_ids=frozenset(post.place_id for post in departments if post.tier == "district"),
        city=any(post.tier == "city" for post in departments),
        committee=any(post.kind == "committee" for post in actor.posts),
        delegate_person_id=actor.person_id if actor.delegate_id is not None else None,
    )


def in_pool(actor: Actor, task: TaskScope) -> bool:
    """May the actor take this pool task? The head of an organisation can do what its staff can."""
    return not _administrates(actor) and any(
        post.organisation_id == task.organisation_id and _fills(post.duty, task.duty) for post in actor.posts
    )


def _fills(held: str, asked: str) -> bool:
    return asked in ("", held) or (asked == "staff" and held == "head")


def _administrates(actor: Actor) -> bool:
    return any(post.kind == "administration" or post.duty in ADMINISTRATORS for post in actor.posts)


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
        return actor is not None and not _administrates(actor) and any(post.kind in kinds for post in actor.posts)

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
    """Held by the actor, who still belongs to the pool: a task does not follow somebody out of office."""
    if not isinstance(subject, TaskScope):
        return False
    held = subject.assignee_id == actor.person_id and in_pool(actor, subject)
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


def _rating_party(actor: Actor, subject: Subject) -> bool:
    """Article 12: the street's organisation department with the delegate and the reporter (through the studio)."""
    case = _case_of(subject)
    return case is not None and (
        case.street_id in reach(actor).street_ids
        or _studio_of_case(actor, subject)
        or _signing_delegate(actor, subject)
    )


_system = _duty("system_administrator")

# verb -> (who holds it at all, on which subjects). A verb missing here is denied to everybody.
POLICY: dict[Verb, tuple[Holds, Covers]] = {
    Verb.CASE_READ: (_works, _readable),
    Verb.CASE_REGISTER: (_duty("liaison"), _own_studio),
    Verb.CASE_SEARCH: (_works, _any_subject),
    Verb.CASE_TERMINATE: (_kind("department"), _department_of_area),
    Verb.CASE_WITHDRAW: (_works, _readable),
    Verb.CASE_TRACK: (_anyone, _any_subject),
    Verb.TASK_READ: (_works, _task_seen),
    Verb.TASK_CLAIM: (_kind(*WORKING_KINDS), _task_pool),
    Verb.TASK_RELEASE: (_kind(*WORKING_KINDS), _task_release),
    Verb.TASK_COMPLETE: (_works, _task_mine),
    Verb.EXTENSION_REQUEST: (_kind("unit"), _unit_handling),
    Verb.EXTENSION_CONSENT: (_delegate, _signing_delegate),
    Verb.RATING_RECORD: (_either(_kind("department", "studio"), _delegate), _rating_party),
    Verb.COPY_READ: (_works, _readable),
    Verb.LEDGER_READ: (_kind("studio", "department"), _ledger),
    Verb.DIAGRAM_READ: (_signed_in, _readable),
    Verb.PEOPLE_MANAGE: (_system, _any_subject),
    Verb.ORGANISATION_MANAGE: (_system, _any_subject),
    Verb.LIAISON_APPOINT: (_either(_system, _kind("department")), lambda a, s: _system(a) or _area(a, s)),
    Verb.PLACES_READ: (_signed_in, _any_subject),
    # the pages of the demo exist only in demo mode, which production refuses (engine.config)
    Verb.DEMO_USE: (_anyone, _any_subject),
    Verb.CLOCK_ADVANCE: (_anyone, _any_subject),
    Verb.INCIDENT_READ: (_duty("system_administrator", "procedure_administrator"), _any_subject),
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
