"""What an operation sees: one human or timer act in progress, inside the entry point's transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor
from engine.batch import Batch
from engine.calendar import Calendar
from engine.cases.models import Case
from engine.catalogue.around import Acting, around
from engine.errors import Misconfigured
from engine.handlings.models import Handling
from engine.notices.models import Notice
from engine.organisation import staffing
from engine.organisation.models import Organisation
from engine.parameters import queries as parameters
from engine.work import operations as work
from engine.work.models import History
from engine.workdays import queries as workdays


@dataclass(frozen=True)
class Message:
    """What an act has to say to the procedure of another case, and the sentence that goes into its history."""

    case_id: int
    name: str
    reason: str


@dataclass
class Act:
    """One act on one case. `actor` is None when a timer acts; `form` is what the person submitted."""

    session: Session
    case: Case
    instance_id: int
    actor: Actor | None = None
    on_behalf_of: str = ""  # name of the absent colleague in whose place the actor acts (代理, I14)
    organisation_id: int | None = None  # in whose name the actor acts
    form: Mapping[str, Any] = field(default_factory=dict)
    role: str = ""
    process_id: str = ""
    element_id: str = ""
    element_name: str = ""
    due_at: datetime | None = None  # the true due time of the timer that acts
    received_at: datetime | None = None  # when the actor's organisation got the task
    recompute: str = ""  # reason, when facts changed that waiting timers depend on
    undo: list[dict[str, Any]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    history: History | None = None  # the act's own row
    outgoing: list[Message] = field(default_factory=list)  # for other cases, once this act is written (并案)
    _known: dict[str, Any] = field(default_factory=dict)  # read once per act; shared by every view of it

    def once(self, name: str, read: Callable[[], Any]) -> Any:
        """What `read` gives, asked once per act."""
        if name not in self._known:
            self._known[name] = read()
        return self._known[name]

    @property
    def batch(self) -> Batch:
        """What the act writes; sent when it is complete."""
        batch: Batch = self.once("batch", lambda: Batch(self.session))
        return batch

    @property
    def now(self) -> datetime:
        """The moment of this act; the same for everything it writes."""
        moment: datetime = self.once("now", clock.now)
        return moment

    @property
    def calendar(self) -> Calendar:
        """The working-day calendar with every notice stored."""
        calendar: Calendar = self.once("calendar", lambda: workdays.calendar(self.session))
        return calendar

    @property
    def parameter_day(self) -> date:
        """Running cases keep the values they started with (R88): those of the day the handling unit received, before
        that of the day the department received."""
        if self.handling is not None:
            return self.handling.received_on
        return self.case.arrived_on or clock.local(self.now).date()

    def parameter(self, name: str) -> int:
        """The value in force on `parameter_day`."""
        on = self.parameter_day
        state = self._known.get("parameter state")
        values = self.once(f"parameters {on}", lambda: parameters.values(self.session, on, state))
        return parameters.named(values, name)

    @property
    def item(self) -> int | None:
        """The handling of the sub-item this act is about; None on a form with one matter (R58)."""
        item: int | None = self._known.get("item")
        return item

    def look_at(self, item: Any) -> None:
        """From here on `handling` is that of the sub-item; None: the case's current one. A form with one matter never
        names an item and pays nothing."""
        if item == self.item:
            return
        self._known["item"] = item
        for name in ("handling", "feedback"):
            self._known.pop(name, None)
        if item is not None:
            self.keep("handling", self.once(f"handling {item}", lambda: self.session.get(Handling, int(item))))

    @property
    def handling(self) -> Handling | None:
        """The case's current handling: the sub-item's, else the latest one that was not withdrawn."""
        handling: Handling | None = self.once("handling", self._latest_handling)
        return handling

    def _latest_handling(self) -> Handling | None:
        return self.session.scalars(_LATEST_HANDLING, {"case_id": self.case.id}).first()

    def keep(self, name: str, value: Any) -> None:
        """From here on `once(name, …)` gives this: the act has just made it."""
        self._known[name] = value

    @property
    def around(self) -> list[Acting]:
        """The organisations on the ladder for this case, and those this act deals with."""
        found: list[Acting] = self.once("around", self._around)
        return found

    def _around(self) -> list[Acting]:
        handling, chosen = self.handling, str(self.form.get("unit_id") or "")
        unit = int(chosen) if chosen.isdecimal() else handling.unit_id if handling else None
        department = handling.department_id if handling else None
        return around(self.session, self.case, self.case.studio_id, self.organisation_id, unit, department)

    def organisation(self, organisation_id: int) -> Acting | Organisation | None:
        """The organisation of that id."""
        near = next((row for row in self.around if row.id == organisation_id), None)
        return near or self.session.get(Organisation, organisation_id)

    def anybody(self, organisation_id: int, duty: str) -> bool:
        """Is there somebody with this duty ("" = any) in the organisation today?"""
        near = next((row for row in self.around if row.id == organisation_id), None)
        if near is not None and duty in near.held:
            return True
        return staffing.has_members(self.session, organisation_id, duty)

    def organisation_name(self, organisation_id: int | None) -> str:
        """The organisation's name for a snapshot, "" for nobody's."""
        organisation = self.organisation(organisation_id) if organisation_id else None
        return organisation.name if organisation else ""

    def current_handling(self) -> Handling:
        """As `handling`, for operations that make no sense without one."""
        handling = self.handling
        if handling is None:
            raise Misconfigured(f"“{self.element_name}”需要先转交承办单位，但此件还没有转交。")
        return handling

    def require_actor(self) -> Actor:
        """The person acting; an operation for people placed behind a timer is a mistake of the diagram."""
        if self.actor is None:
            raise Misconfigured(f"“{self.element_name}”只能由人员办理，不能由定时器触发。")
        return self.actor

    def undoable(self, operation: str, **data: Any) -> None:
        """Remember how to take this back while the next person has not signed (撤回); a new row stands for its id."""
        self.undo.append({"operation": operation, "data": data})

    def record(self, code: str, **columns: Any) -> History:
        """One history row with this act's actor, place and element filled in."""
        values: dict[str, Any] = {
            "case_id": self.case.id,
            "instance_id": self.instance_id,
            "process_id": self.process_id,
            "element_id": self.element_id,
            "element_name": self.element_name,
            "tier": self.case.tier,
            "due_at": self.due_at,
        }
        if self.actor is not None:
            values |= {
                "actor_id": self.actor.person_id,
                "actor_name": self.actor.name,
                "on_behalf_of": self.on_behalf_of,
                "organisation_id": self.organisation_id,
                "organisation_name": self.organisation_name(self.organisation_id),
            }
        if self.received_at is not None:
            values |= {"received_at": self.received_at, "working_days": self.days_used(self.received_at)}
        return work.record(self.session, code, **(values | columns))

    def days_used(self, since: datetime) -> int:
        """Working days from `since` to now; the day of receipt is day 0."""
        return self.calendar.between(clock.local(since).date(), clock.local(self.now).date())


_LATEST_HANDLING = (
    select(Handling)
    .where(Handling.case_id == bindparam("case_id"), Handling.state != "withdrawn")
    .order_by(Handling.id.desc())
    .limit(1)
)
