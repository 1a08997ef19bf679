"""Tables of ratings."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Opinion(Base):
    """One party's grade in the joint rating of a handling."""

    __tablename__ = "rating_opinions"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"))
    party: Mapped[str] = mapped_column(String(12))  # reporter | delegate | department
    grade: Mapped[str] = mapped_column(String(20))  # the four grades, or unreachable (reporter only, R81)
    remark: Mapped[str] = mapped_column(Text, default="")
    method: Mapped[str] = mapped_column(String(12), default="")  # how the reporter was asked
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: the reporter on the tracking page
    name: Mapped[str] = mapped_column(String(40))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("handling_id", "party"),)


class Rating(Base):
    """The one final grade of a handling, registered in the ledger."""

    __tablename__ = "ratings"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"), unique=True)
    grade: Mapped[str] = mapped_column(String(20))
    agreed: Mapped[bool]  # False: no agreement, the reporter's grade stands (A10)
    remark: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
