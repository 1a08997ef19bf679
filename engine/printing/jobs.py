"""A whole ledger as one PDF, in the background: ordered by a person, printed in pieces by whichever worker looks next,
joined at the end. Progress is what is on disk; a worker that is killed costs one piece, and there is never a second
file (rule 4)."""

import logging
import shutil
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from engine import access, clock
from engine.access import Actor, Verb
from engine.cases.models import Case
from engine.config import Settings
from engine.db import Begin
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from engine.printing import forms, render
from engine.printing.annex2 import pages
from engine.printing.binding import merge, page, pdf_aside
from engine.printouts.models import PrintJob

log = logging.getLogger(__name__)
PIECE = 25  # pages of one piece: some seconds of work, far from LONGEST on a busy machine too
LEASE = timedelta(minutes=2)  # longer than one piece may take (binding.LONGEST)
PATIENCE = 3  # failures until a person has to look
KEPT = timedelta(days=7)
UNFINISHED = ("waiting", "printing")
BROKEN = "打印没有完成，请稍后重新生成；如仍出现，请联系系统管理员。"


def folder(settings: Settings) -> Path:
    """Where finished books and their pieces lie."""
    return settings.data_dir / "print"


def fonts(settings: Settings) -> Path:
    """Where uploaded fonts lie."""
    return settings.data_dir / "fonts"


def file_of(settings: Settings, job: PrintJob) -> Path:
    """The one file of a job."""
    return folder(settings) / f"{job.id}.pdf"


# ------------------------------------------------------------------------------------------------ people


def order(session: Session, actor: Actor, studio_id: int, year: int) -> PrintJob:
    """Ask for the book; the one the person is waiting for already, when there is one. Invalid for an empty ledger."""
    access.require(actor, Verb.LEDGER_READ, organisation.organisation_scope(session, studio_id))
    mine = (PrintJob.person_id == actor.person_id, PrintJob.studio_id == studio_id, PrintJob.year == year)
    waiting = session.scalars(select(PrintJob).where(*mine, PrintJob.state.in_(UNFINISHED))).first()
    if waiting is not None:
        return waiting
    whole = select(func.count(), func.max(Case.sequence)).where(Case.studio_id == studio_id, Case.year == year)
    total, last = session.execute(whole).one()
    if not total:
        raise Invalid("这一年还没有登记过意见建议，没有可打印的内容。")
    studio = session.get_one(Organisation, studio_id).name
    job = PrintJob(
        studio_id=studio_id, year=year, title=f"{studio}{year}年跟踪明细帐", person_id=actor.person_id,
        ordered_at=clock.now(), last_sequence=last, total=total,
    )  # fmt: skip
    session.add(job)
    session.flush()
    return job


def read(session: Session, actor: Actor, job_id: int) -> PrintJob:
    """A job of the actor's own, while the actor may still read that ledger; else NotFound."""
    job = session.get(PrintJob, job_id)
    if job is None or job.person_id != actor.person_id:
        raise NotFound
    access.require(actor, Verb.LEDGER_READ, organisation.organisation_scope(session, job.studio_id))
    return job


def mine(session: Session, actor: Actor, studio_id: int, year: int) -> list[PrintJob]:
    """The person's own books of a ledger that can still be fetched or are under way, newest first."""
    query = select(PrintJob).where(
        PrintJob.person_id == actor.person_id, PrintJob.studio_id == studio_id, PrintJob.year == year
    )
    return list(session.scalars(query.order_by(PrintJob.id.desc()).limit(5)))


def finished(settings: Settings, job: PrintJob) -> Path:
    """The file; Conflict while it is not there, or no longer."""
    path = file_of(settings, job)
    if job.state != "printed" or not path.exists():
        raise Conflict("文件还没有生成，或已过保存期，请重新生成。")
    return path


# ------------------------------------------------------------------------------------------------ workers


@dataclass(frozen=True)
class Piece:
    """What is printed next: its document, where it goes, and how many pages stand behind it; `last`: the front part,
    after which the book is joined."""

    job_id: int
    title: str
    html: str
    done: int
    count: int

    @property
    def last(self) -> bool:
        """Cover and index come last: then everything they name is there."""
        return self.count == 0


def work(begin: Begin, settings: Settings, seconds: float) -> int:
    """Print pieces of waiting jobs for at most about so long; how many were printed. Safe in many processes at once."""
    end, printed = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with begin() as session:
            piece = _take(session)
        if piece is None:
            break
        try:
            size = _print(settings, piece)
        except (OSError, ValueError) as problem:
            log.warning("book %s failed", piece.job_id, exc_info=True)
            with begin() as session:
                _failed(session, piece, str(problem))
            break
        with begin() as session:
            _advance(session, piece, size)
        if size:
            shutil.rmtree(folder(settings) / f"{piece.job_id}.parts", ignore_errors=True)
        printed += 1
    return printed


def _take(session: Session) -> Piece | None:
    """The next piece of the oldest job nobody works on, under a lease; it is drawn up here and printed outside of the
    transaction."""
    now = clock.now()
    free = or_(PrintJob.leased_until.is_(None), PrintJob.leased_until < now)
    query = select(PrintJob).where(PrintJob.state.in_(UNFINISHED), free).order_by(PrintJob.id).limit(1)
    job = session.scalars(query.with_for_update(skip_locked=True)).first()
    if job is None:
        return None
    job.leased_until, job.state = now + LEASE, "printing"
    try:
        actor = organisation.actor(session, job.person_id)
        access.require(actor, Verb.LEDGER_READ, organisation.organisation_scope(session, job.studio_id))
    except LianxinError as refusal:  # left, or moved to another post meanwhile
        job.state, job.problem = "broken", refusal.message[:300]
        return None
    return _piece(session, actor, job)


def _piece(session: Session, actor: Actor, job: PrintJob) -> Piece:
    whole = select(Case).where(
        Case.studio_id == job.studio_id, Case.year == job.year, Case.sequence <= job.last_sequence
    )
    if job.done < job.total:
        cases = session.scalars(whole.order_by(Case.sequence).offset(job.done).limit(PIECE)).all()
        if cases:
            sheets = forms.annex2_sheets(pages(session, actor, cases, images=True), job.done + 1, job.total)
            return Piece(job.id, job.title, page(job.title, sheets), job.done, len(cases))
    cases = session.scalars(whole.order_by(Case.sequence)).all()
    studio = session.get_one(Organisation, job.studio_id).name
    front = render.sheets("front.html", studio=studio, year=job.year, lines=cases)
    return Piece(job.id, job.title, page(job.title, front), job.done, 0)


def _print(settings: Settings, piece: Piece) -> int:
    """Put the piece on disk; of the last one: join the book and return its size in bytes. Printing a piece again
    replaces it."""
    parts = folder(settings) / f"{piece.job_id}.parts"
    parts.mkdir(parents=True, exist_ok=True)
    name = "front.pdf" if piece.last else f"{piece.done:06d}.pdf"
    pdf_aside(piece.html, parts / name, fonts(settings))
    if not piece.last:
        return 0
    book = folder(settings) / f"{piece.job_id}.pdf"
    merge([parts / "front.pdf", *sorted(parts.glob("[0-9]*.pdf"))], book, piece.title)
    return book.stat().st_size


def _advance(session: Session, piece: Piece, size: int) -> None:
    """Note what is on disk. Two that printed the same piece (a lease ran out) count once."""
    query = select(PrintJob).where(PrintJob.id == piece.job_id, PrintJob.done == piece.done)
    job = session.scalars(query.where(PrintJob.state == "printing").with_for_update()).first()
    if job is None:
        return
    job.done, job.leased_until, job.failures = piece.done + piece.count, None, 0
    if piece.last:
        job.state, job.size, job.finished_at = "printed", size, clock.now()


def _failed(session: Session, piece: Piece, problem: str) -> None:
    """Try again later; after PATIENCE times a person is told."""
    job = session.get_one(PrintJob, piece.job_id)
    job.failures += 1
    job.leased_until = clock.now() + LEASE
    if job.failures >= PATIENCE:
        job.state, job.problem = "broken", BROKEN
    log.warning("book %s, failure %s: %s", job.id, job.failures, problem)


def tidy(begin: Begin, settings: Settings) -> int:
    """Remove books after a week, and whatever lies in the folder without a job; how many were removed."""
    before = clock.now() - KEPT
    with begin() as session:
        old = list(session.scalars(select(PrintJob.id).where(PrintJob.ordered_at < before)))
        session.execute(delete(PrintJob).where(PrintJob.id.in_(old)))
        alive = {str(job_id) for job_id in session.scalars(select(PrintJob.id))}
    removed = 0
    for path in folder(settings).glob("*"):
        if path.name.lstrip(".").partition(".")[0] not in alive:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            removed += 1
    return removed
