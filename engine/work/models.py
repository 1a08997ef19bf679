"""Tables of running work. Tasks, deadlines and subscriptions are projections of the tokens, never a second truth."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Instance(Base):
    """One running or ended execution of a package version; `state` holds its unfinished tokens only (rule 10)."""

    __tablename__ = "instances"

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"), index=True)
    process_id: Mapped[str] = mapped_column(String(60))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    # of a small procedure beside the case's own (三方协商): which case it is about; then `case_id` is NULL
    beside_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    state: Mapped[bytes | None] = mapped_column(LargeBinary)
    revision: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(10), default="open")  # open | suspended | ended
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def about_id(self) -> int | None:
        """The case its tasks and deadlines are about, whether it is the case's own procedure or one beside it."""
        return self.case_id if self.case_id is not None else self.beside_id


class Task(Base):
    """One open user task; the row goes when the task ends, its history row stays."""

    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instances.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    token: Mapped[str] = mapped_column(String(40))
    process_id: Mapped[str] = mapped_column(String(60))
    element_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(30), default="")  # lianxin:role, the closed list
    form: Mapped[str] = mapped_column(String(60), default="")
    # the pool: everybody with `duty` in the organisation, or exactly one person (a delegate)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    duty: Mapped[str] = mapped_column(String(24), default="")  # "" = anybody in the organisation
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    claimed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    provisional: Mapped[bool] = mapped_column(default=False)
    act_id: Mapped[int | None]  # history row of the act that opened it (撤回)
    handling_id: Mapped[int | None] = mapped_column(ForeignKey("handlings.id"))  # of a sub-item (R58)
    # the calls and subprocesses it stands in, outermost first: " opinion/review_street tier_review/review_handling "
    within: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))

    __table_args__ = (
        UniqueConstraint("instance_id", "token"),
        Index("ix_tasks_pool", "organisation_id", "assignee_id", "due_at"),
        Index("ix_tasks_person", "person_id", "due_at"),
        Index("ix_tasks_assignee", "assignee_id", "due_at"),
        {"sqlite_autoincrement": True},  # an id is never used again: an old link must not open another task
    )


class Deadline(Base):
    """A waiting timer as the sweep and the pages see it; `basis` says how the date came about."""

    __tablename__ = "deadlines"

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instances.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    token: Mapped[str] = mapped_column(String(40))
    host_token: Mapped[str] = mapped_column(String(40), default="")
    process_id: Mapped[str] = mapped_column(String(60))
    element_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[str] = mapped_column(String(30), default="")
    expression: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(index=True)
    basis: Mapped[dict[str, Any] | None]  # {received, days, due, provisional} of a working-day limit
    occurrence: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]  # a broken row waits here and never blocks the others

    __table_args__ = (UniqueConstraint("instance_id", "token", "occurrence"),)


class Subscription(Base):
    """A waiting message or signal of an instance."""

    __tablename__ = "subscriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instances.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    token: Mapped[str] = mapped_column(String(40))
    host_token: Mapped[str] = mapped_column(String(40), default="")
    message: Mapped[str] = mapped_column(String(60))
    process_id: Mapped[str] = mapped_column(String(60))
    element_id: Mapped[str] = mapped_column(String(80))

    __table_args__ = (UniqueConstraint("instance_id", "token"),)


class History(Base):
    """Append-only: one row per thing that happened to a case, by a person or by a timer (R1, R93)."""

    __tablename__ = "history"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instances.id"))
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(40))  # code of the act, glossary: engine.work.acts.LABELS
    process_id: Mapped[str] = mapped_column(String(60), default="")
    element_id: Mapped[str] = mapped_column(String(80), default="")
    element_name: Mapped[str] = mapped_column(String(80), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)  # None = the system
    actor_name: Mapped[str] = mapped_column(String(40), default="")
    on_behalf_of: Mapped[str] = mapped_column(String(40), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    organisation_name: Mapped[str] = mapped_column(String(80), default="")
    tier: Mapped[str] = mapped_column(String(10), default="")
    received_at: Mapped[datetime | None]
    working_days: Mapped[int | None]  # 用时（工作日）
    result: Mapped[str] = mapped_column(String(80), default="")
    opinion: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime | None]  # true due time of a timer
    task_id: Mapped[int | None] = mapped_column(
        index=True
    )  # the task this act completed, so that a loser reads who won
    data: Mapped[dict[str, Any] | None]

    __table_args__ = (Index("ix_history_case", "case_id", "id"),)


class Incident(Base):
    """Something the engine could not do; a person looks at it, the rest goes on."""

    __tablename__ = "incidents"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instances.id"), index=True)
    cause: Mapped[str] = mapped_column(String(40))
    process_id: Mapped[str] = mapped_column(String(60), default="")
    element_id: Mapped[str] = mapped_column(String(80), default="")
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class Withdrawal(Base):
    """What the last act on an instance changed, so that it can be taken back until the next person signs (撤回)."""

    __tablename__ = "withdrawals"

    instance_id: Mapped[int] = mapped_column(ForeignKey("instances.id"), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    history_id: Mapped[int]
    act: Mapped[str] = mapped_column(String(40))
    revision: Mapped[int]  # of the instance after the act; another number = something happened since
    state: Mapped[bytes] = mapped_column(LargeBinary)
    task: Mapped[dict[str, Any]]
    undo: Mapped[list[Any]]  # [{operation, data}] in the order done
    at: Mapped[datetime]
