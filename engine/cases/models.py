"""Tables of cases, their numbers and signatures."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Case(Base):
    """One registered opinion: facts of the registration form as they were written, and where the case stands."""

    __tablename__ = "cases"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(80), unique=True)
    year: Mapped[int]
    sequence: Mapped[int]
    studio_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    community_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    street_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    district_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    studio_name: Mapped[str] = mapped_column(String(100))  # snapshot, R34
    # the reporter (反映人)
    reporter_name: Mapped[str] = mapped_column(String(30), default="")
    reporter_gender: Mapped[str] = mapped_column(String(6), default="")
    reporter_age: Mapped[int | None]
    reporter_phone: Mapped[str] = mapped_column(String(30), default="")
    reporter_employer: Mapped[str] = mapped_column(String(100), default="")
    reporter_employer_address: Mapped[str] = mapped_column(String(200), default="")
    reporter_address: Mapped[str] = mapped_column(String(200), default="")
    reporter_address_phone: Mapped[str] = mapped_column(String(30), default="")
    reporter_signature: Mapped[str] = mapped_column(String(12), default="")  # drawn | handwritten | refused | remark
    reporter_signature_note: Mapped[str] = mapped_column(String(300), default="")
    reporter_witness: Mapped[str] = mapped_column(
        String(40), default="", server_default=text("''")
    )  # of a refusal (R37)
    query_code: Mapped[str] = mapped_column(
        String(8), default=""
    )  # six digits on copy 1: opens the tracking page as the phone's last four do (R92), and alone lets him rate (R99)
    # 不公开身份 (A28): the handling unit does not learn who it was
    confidential: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # the opinion
    channel: Mapped[str] = mapped_column(String(12))  # visit | home_visit | phone | network | other
    channel_note: Mapped[str] = mapped_column(String(300), default="")
    matter: Mapped[str] = mapped_column(String(30), default="other")
    content: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(String(300))
    reflected_on: Mapped[date]
    # the delegate (snapshot, R39)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("delegates.id"))
    delegate_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    delegate_name: Mapped[str] = mapped_column(String(40))
    delegate_title: Mapped[str] = mapped_column(String(60), default="")
    delegate_contact: Mapped[str] = mapped_column(String(40), default="")
    # 须知6: answered on the spot, or handed to the street
    settlement: Mapped[str] = mapped_column(String(12))  # on_the_spot | street
    spot_answer: Mapped[str] = mapped_column(Text, default="")
    spot_grade: Mapped[str] = mapped_column(String(20), default="")
    content_hash: Mapped[str] = mapped_column(String(64))
    # where it stands; `state` is a projection of the tokens (words.md, states)
    state: Mapped[str] = mapped_column(String(24))
    tier: Mapped[str] = mapped_column(String(10), default="community")
    arrived_on: Mapped[date | None]  # when the current tier received it
    sent_street_at: Mapped[datetime | None]  # ticks of annex 2 (R105)
    sent_district_at: Mapped[datetime | None]
    sent_city_at: Mapped[datetime | None]
    instruction: Mapped[str] = mapped_column(Text, default="")  # 批示 of the city committee (R53)
    # 并案 (R58): the case whose answer this one waits for or took, and whether others wait for this one's
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    leads: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    grade: Mapped[str] = mapped_column(String(20), default="")
    several_delegates: Mapped[bool] = mapped_column(
        default=False, server_default=text("false")
    )  # rows in case_delegates
    undelivered: Mapped[int] = mapped_column(
        default=0, server_default="0"
    )  # copies on their way, or failed without next step (R66)
    outcome: Mapped[str] = mapped_column(String(16), default="")  # closed | on_the_spot | void | terminated | filed
    outcome_reason: Mapped[str] = mapped_column(String(600), default="")
    registered_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    registered_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    backfilled: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # 补录 of a paper case (R89)
    draft_key: Mapped[str | None] = mapped_column(String(32))  # of the page it was typed on, which registers once

    @property
    def confidentiality(self) -> str:
        """`kept` or `open`, as the registration form asks it (A28)."""
        return "kept" if self.confidential else "open"

    __table_args__ = (
        UniqueConstraint("studio_id", "year", "sequence"),
        Index("ix_cases_street_registered", "street_id", "registered_at"),
        Index("ix_cases_district_registered", "district_id", "registered_at"),
        Index("ix_cases_registered", "registered_at"),
        Index("ix_cases_delegate", "delegate_person_id", "registered_at"),
        Index("ix_cases_reporter", "reporter_name"),
        Index("ix_cases_draft", "registered_by_id", "draft_key", unique=True),
    )

    @property
    def reported(self) -> bool:
        """Has the studio reported it to the street? Also while it is back for correction (退回补正)."""
        return self.sent_street_at is not None


class CaseDelegate(Base):
    """A delegate beside the leading one: a co-signer, or the one who led before being replaced (R64)."""

    __tablename__ = "case_delegates"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("delegates.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(60), default="")
    role: Mapped[str] = mapped_column(String(10))  # cosigner | former
    reason: Mapped[str] = mapped_column(String(300), default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("case_id", "person_id"),)


class NumberCounter(Base):
    """The last number issued by a studio in a year; locked in the transaction that inserts the case (R31)."""

    __tablename__ = "number_counters"

    studio_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("last >= 0", name="not_negative"),)


class Signature(Base):
    """Somebody's signature under a content hash; a later change of the content makes it invalid (R43)."""

    __tablename__ = "signatures"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(24))  # registration | rating
    party: Mapped[str] = mapped_column(String(16))  # reporter | delegate | department
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(40))
    content_hash: Mapped[str] = mapped_column(String(64))
    # drawn | paper | scan | click | refused | remark | phone | unreachable
    method: Mapped[str] = mapped_column(String(12), default="click", server_default=text("'click'"))
    image: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # PNG, engine.cases.signing
    witness: Mapped[str] = mapped_column(String(40), default="", server_default=text("''"))
    note: Mapped[str] = mapped_column(String(300), default="")
    signed_at: Mapped[datetime]


class FormCopy(Base):
    """One of the three copies of a registration form, and how it came to who keeps it (须知8, R44)."""

    __tablename__ = "form_copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    mark: Mapped[int]  # 1, 2, 3: 第一联, 第二联, 第三联
    keeper: Mapped[str] = mapped_column(String(12))  # reporter | studio | street
    method: Mapped[str] = mapped_column(String(12), default="")  # in_person | post | archived
    proof: Mapped[str] = mapped_column(String(200), default="")
    content_hash: Mapped[str] = mapped_column(String(64), default="")  # what was handed over; another = an old copy
    at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(40), default="")

    __table_args__ = (UniqueConstraint("case_id", "mark"),)


class CaseVersion(Base):
    """The content of a form as it stood after registration or a correction, with its hash (须知7, R43)."""

    __tablename__ = "case_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    version: Mapped[int]  # 1 = as registered
    content: Mapped[dict[str, Any]]  # the fields the signature covers, by name
    content_hash: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("case_id", "version"),)


class CaseLink(Base):
    """Somebody said that two cases are about the same matter (同一事项); the street may join them (并案)."""

    __tablename__ = "case_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))  # the later one
    other_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("case_id", "other_id"),)


class NumberStart(Base):
    """A studio that began mid-year: the next number, set once a year by an administrator (§0)."""

    __tablename__ = "number_starts"

    studio_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    following: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class Draft(Base):
    """A half-filled form, kept on the server until it is sent. Of a task one per person; of new cases (`task_id` None)
    as many as there are keys: the page makes one up, so that two windows never write over each other."""

    __tablename__ = "drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    task_id: Mapped[int | None]
    form: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(32), default="", server_default=text("''"))
    data: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class TrackingAttempt(Base):
    """Wrong attempts on the tracking page (R92), counted per case number and per client address; `subject` is a digest
    of either, so that neither numbers that do not exist nor addresses are stored."""

    __tablename__ = "tracking_attempts"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    wrong: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(index=True)  # the first wrong one that counts
    locked_until: Mapped[datetime | None]
