"""The year whose notice is missing: asked for from 25 October, an alarm from 20 November, once each (R73)."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.notices import operations as notices
from engine.organisation.models import Organisation
from engine.work import operations as work
from engine.workdays import queries
from engine.workdays.models import MissingYear

ASK, ALARM = (10, 25), (11, 20)


def years(session: Session) -> list[tuple[int, bool]]:
    """Years that should have a notice by today and have none; True where it is an alarm."""
    today, known = clock.today(), queries.calendar(session)
    wanted = [(today.year, True)]
    if today >= date(today.year, *ASK):
        wanted.append((today.year + 1, today >= date(today.year, *ALARM)))
    return [(year, alarm) for year, alarm in wanted if not known.covers(year)]


def look(session: Session) -> int:
    """Ask the city's organisation department for each missing year, and warn once more; how many were new."""
    if not queries.any_recorded(session):
        return 0  # not set up yet
    new = 0
    for year, alarm in years(session):
        row = session.scalars(select(MissingYear).where(MissingYear.year == year).with_for_update()).first()
        if row is None:
            row = MissingYear(year=year, asked_at=clock.now())
            session.add(row)
            text = (
                f"{year}年的放假通知尚未录入，涉及{year}年的截止日为暂定。国务院办公厅印发后，"
                "请在“工作日历”录入，由另一人发布。"
            )
            _tell(session, "calendar_missing", f"请录入{year}年放假通知", text)
            new += 1
        if alarm and row.alarmed_at is None:
            row.alarmed_at = clock.now()
            text = f"{year}年的放假通知至今没有录入，涉及{year}年的截止日仍为暂定，请市委组织部尽快录入并发布。"
            _tell(session, "calendar_alarm", f"警告：{year}年放假通知仍未录入", text)
            work.raise_incident(session, "calendar_missing", text)
            new += 1
        session.flush()
    return new


def _tell(session: Session, kind: str, subject: str, body: str) -> None:
    departments = select(Organisation.id).where(
        Organisation.kind == "department", Organisation.tier == "city", Organisation.active
    )
    for organisation_id in session.scalars(departments):
        notices.tell(session, kind, subject, body, case_id=None, organisation_id=organisation_id)
