"""Tables of places, organisations, people and delegates."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base

TIERS = ("community", "street", "district", "city", "committee")


class Place(Base):
    """One node of city → district → street → community, as published; `zone` marks nodes that are no community."""

    __tablename__ = "places"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    tier: Mapped[str] = mapped_column(String(10))  # city | district | street | community
    name: Mapped[str] = mapped_column(String(60))
    published_name: Mapped[str] = mapped_column(String(60))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"), index=True)
    zone: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(200), default="")


class Organisation(Base):
    """Who acts: a studio, an organisation department, a handling unit, the city committee, or the administration."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(14))  # studio | department | unit | committee | administration
    tier: Mapped[str] = mapped_column(String(10))  # one of TIERS
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    matters: Mapped[str] = mapped_column(String(200), default="")  # units: space-separated matter codes handled (R14)
    established: Mapped[bool] = mapped_column(default=True)  # studios: False = secretary acts as liaison (R12)
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (Index("ix_organisations_tier_kind_place", "tier", "kind", "place_id"),)


class Person(Base):
    """Somebody who can sign in. Nobody is deleted; a leaver is disabled."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(40), index=True)
    phone: Mapped[str] = mapped_column(String(30), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    session_stamp: Mapped[int] = mapped_column(default=0)  # raised to end all sessions of this person


class Post(Base):
    """A person's dated duty in an organisation (R11: one current liaison per studio)."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    # head | staff | liaison | secretary | deputy | system_administrator | procedure_administrator | auditor
    duty: Mapped[str] = mapped_column(String(24))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]  # last day, inclusive

    __table_args__ = (CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),)


class Absence(Base):
    """From–to somebody of the same organisation stands in for an absent person (代理, I14). What the deputy may do is
    derived from the dates; nothing has to be given back when they have passed."""

    __tablename__ = "absences"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]  # last day, inclusive
    reason: Mapped[str] = mapped_column(String(200), default="")
    set_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    set_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # ended early or taken back

    __table_args__ = (CheckConstraint("ends_on >= starts_on", name="ends_after_start"),)


class Delegate(Base):
    """A delegate to the city Party congress; signs in as the person."""

    __tablename__ = "delegates"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), unique=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(60), default="")  # 职务
    contact: Mapped[str] = mapped_column(String(40), default="")
    category: Mapped[str] = mapped_column(String(12), default="district")  # leader | district | system
    ends_on: Mapped[date | None]


class Placement(Base):
    """The community a delegate is in contact with, dated (article 2)."""

    __tablename__ = "placements"

    id: Mapped[int] = mapped_column(primary_key=True)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("delegates.id"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("places.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]

    __table_args__ = (UniqueConstraint("delegate_id", "community_id", "starts_on"),)


class Adjacency(Base):
    """Two communities that touch (article 2: 「两个相邻的社区」); stored once, the smaller id first."""

    __tablename__ = "adjacencies"

    first_id: Mapped[int] = mapped_column(ForeignKey("places.id"), primary_key=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("places.id"), primary_key=True, index=True)

    __table_args__ = (CheckConstraint("first_id < second_id", name="ordered"),)


class AccessToken(Base):
    """A one-time link: the first administrator, a new person's first password, a reset. Only the hash is stored."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    purpose: Mapped[str] = mapped_column(String(20))  # first_administrator | password
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
