"""Tables of amendments and of the limits they move. What is in force stands in workday_rows and parameters."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Amendment(Base):
    """Something that would move limits: proposed by one person, released by another, then carried through.

    `content` of a notice: {number, issued, scope, days: {date: off | work}}; of a parameter: {name, value,
    effective_from}. `cursor`, `examined` and `total` count the running instances looked at: for the preview while it is
    proposed, for the recomputation once it is released.
    """

    __tablename__ = "amendments"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))  # notice | parameter
    state: Mapped[str] = mapped_column(String(10), default="proposed", index=True)
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text, default="")
    effects: Mapped[list[Any]]  # at release: sentences, what it changed on the day it came into force
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    proposed_by_name: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime]
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    released_by_name: Mapped[str] = mapped_column(String(40), default="")
    released_at: Mapped[datetime | None]
    withdrawn_by_name: Mapped[str] = mapped_column(String(40), default="")
    withdrawn_at: Mapped[datetime | None]
    cursor: Mapped[int] = mapped_column(default=0)  # the last instance looked at
    examined: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    examined_at: Mapped[datetime | None]  # when the last instance was looked at; None: not through yet


class AmendmentMove(Base):
    """One limit that moves: expected while the amendment is proposed, carried out once it is released."""

    __tablename__ = "amendment_moves"

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendments.id"))
    instance_id: Mapped[int] = mapped_column(ForeignKey("instances.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))  # of the step whose limit it is, or of the timer
    role: Mapped[str] = mapped_column(String(30), default="")  # lianxin:role of the timer
    old_at: Mapped[datetime]
    new_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("amendment_id", "instance_id", "element_id", "old_at"),)
