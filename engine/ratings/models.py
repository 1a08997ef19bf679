"""Tables of ratings."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Opinion(Base):
    """One party's grade in the joint rating of a handling; its hand is a row in `signatures` (purpose rating)."""

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
    """The one final grade of a handling, registered in the ledger and locked by being written (R116): never changed,
    what was wrong is a RatingCorrection. `round`: 1, or 2 after 重办 (R83)."""

    __tablename__ = "ratings"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"), unique=True)
    grade: Mapped[str] = mapped_column(String(20))
    agreed: Mapped[bool]  # False: no agreement, the reporter's grade stands (A10)
    consulted: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # 评议协商 was held (R82)
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    remark: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class RatingCorrection(Base):
    """A later version of a locked rating, with its reason; all are kept, the ledger shows the newest (R116)."""

    __tablename__ = "rating_corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    rating_id: Mapped[int] = mapped_column(ForeignKey("ratings.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    version: Mapped[int]  # 2 = the first correction; 1 is the rating itself
    grade: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("rating_id", "version"),)


class LedgerPage(Base):
    """The ledger page (annex 2) as it stood when a rating was locked or corrected, with the hash of its content: what
    was registered can be told from what somebody changed afterwards (§0, R116)."""

    __tablename__ = "ledger_pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    rating_id: Mapped[int] = mapped_column(ForeignKey("ratings.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]]  # every value of R95 to R114 by name
    content_hash: Mapped[str] = mapped_column(String(64))
    frozen_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("rating_id", "version"),)


class ContactTry(Base):
    """One try to reach the reporter for the rating; three on three days must fail before 无法联系 (R81)."""

    __tablename__ = "contact_tries"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"))
    tried_on: Mapped[date]
    method: Mapped[str] = mapped_column(String(12))  # phone | sms | visit | post
    note: Mapped[str] = mapped_column(String(300))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class InvitedResident(Base):
    """Another resident heard in a rating (基层党员群众): recorded, without a vote (A11)."""

    __tablename__ = "invited_residents"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"))
    name: Mapped[str] = mapped_column(String(40))
    opinion: Mapped[str] = mapped_column(String(600))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
