"""Tables of dry runs and scenarios: lists of acts, never cases. What comes of them is played when it is asked for."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class DryRun(Base):
    """A walk somebody is trying: the acts so far, on a version of the procedure or on its draft."""

    __tablename__ = "dry_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    version: Mapped[int | None]  # None: the draft as it stands whenever somebody looks
    title: Mapped[str] = mapped_column(String(120), default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    starts_at: Mapped[datetime]  # the moment of registration in the sandbox
    acts: Mapped[list[Any]]
    changed_at: Mapped[datetime]

    __table_args__ = (Index("ix_dry_runs_person", "person_id", "key"),)


class Scenario(Base):
    """A walk with what it must lead to; a publish that breaks it is refused. `factory` is its name in the files of
    processes/scenarios ("" for those made here); one that was deleted stays as an inactive row, so that no upgrade
    brings it back."""

    __tablename__ = "scenarios"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    factory: Mapped[str] = mapped_column(String(60), default="")
    starts_at: Mapped[datetime]
    acts: Mapped[list[Any]]
    expectations: Mapped[list[Any]]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    author_name: Mapped[str] = mapped_column(String(40), default="")
    changed_at: Mapped[datetime]
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (UniqueConstraint("key", "name"),)
