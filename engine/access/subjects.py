"""Actors and the scopes they act on, as plain values, and how far an actor reaches."""

from dataclasses import dataclass

WORKING_KINDS = frozenset({"studio", "department", "unit", "committee"})
ADMINISTRATORS = frozenset({"system_administrator", "procedure_administrator", "auditor"})


@dataclass(frozen=True)
class PostRef:
    """A duty held today in one organisation. An acting liaison (R12) holds a second PostRef with duty `liaison`;
    `deputy_for`: the absent colleague whose duty it is (代理), None for one's own."""

    organisation_id: int
    duty: str
    kind: str
    tier: str
    place_id: int
    deputy_for: int | None = None


@dataclass(frozen=True)
class Absentee:
    """A colleague who is away today and has named the actor as deputy (代理, I14)."""

    person_id: int
    name: str


@dataclass(frozen=True)
class Actor:
    """A signed-in person; `delegate_id` is set while the person is a delegate in office; `absent`: those in whose place
    the person acts today."""

    person_id: int
    name: str
    posts: tuple[PostRef, ...] = ()
    delegate_id: int | None = None
    absent: tuple[Absentee, ...] = ()

    @property
    def ids(self) -> frozenset[int]:
        """Whose claimed tasks the person works on: the own ones, and those of the absent."""
        return frozenset({self.person_id, *(row.person_id for row in self.absent)})


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
    confidential: bool = False  # 不公开身份: the handling unit does not learn who it was (A28)
    cosigner_ids: frozenset[int] = frozenset()  # people who signed as delegates beside the leading one (R64)


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
            or (
                self.delegate_person_id is not None
                and self.delegate_person_id in (case.delegate_person_id, *case.cosigner_ids)
            )
        )


def reach(actor: Actor) -> Reach:
    """Which cases the actor may read; the three administrators read none, whatever else they hold."""
    if administrates(actor):
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
    return not administrates(actor) and any(
        post.organisation_id == task.organisation_id and _fills(post.duty, task.duty) for post in actor.posts
    )


def acts_for(actor: Actor, task: TaskScope) -> Absentee | None:
    """The absent colleague in whose place the actor takes or does this pool task (代理); None: in the own right.

    Tasks for one person (a delegate's signature, consent and grade) have no deputy (R63)."""
    if task.person_id is not None or task.assignee_id == actor.person_id:
        return None
    if task.assignee_id is not None:
        return next((row for row in actor.absent if row.person_id == task.assignee_id), None)
    fitting = [
        post.deputy_for
        for post in actor.posts
        if post.organisation_id == task.organisation_id and _fills(post.duty, task.duty)
    ]
    if None in fitting:
        return None
    return next((row for row in actor.absent if row.person_id in fitting), None)


def _fills(held: str, asked: str) -> bool:
    return asked in ("", held) or (asked == "staff" and held == "head")


def administrates(actor: Actor) -> bool:
    """Is this one of the three administrators (系统管理员, 流程管理员, 审计员)?"""
    return any(post.kind == "administration" or post.duty in ADMINISTRATORS for post in actor.posts)
