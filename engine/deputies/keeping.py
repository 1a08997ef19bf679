"""What a liaison keeps beside tasks, and leaves behind: scans that wait for their number, registrations half filled in.
Any liaison of the same studio can go on with them (I14)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor
from engine.attachments import queries as attachments
from engine.attachments.models import Attachment
from engine.cases.models import Case, Draft
from engine.deputies import reaching
from engine.organisation.models import Organisation, Person, Post
from engine.submissions import operations as submissions

SCAN = "待归档扫描件"
DRAFT = "登记草稿"


@dataclass(frozen=True)
class Kept:
    """A scan (`number`: of the case it may belong to) or a draft (`name`: when it was saved; what stands in it is the
    liaison's)."""

    kind: str
    row_id: int
    name: str
    number: str
    studios: tuple[Organisation, ...]

    @property
    def where(self) -> str:
        """The studios by name."""
        return "、".join(studio.name for studio in self.studios)


def kept(session: Session, actor: Actor, person_id: int) -> list[Kept]:
    """Those the actor may hand over: an administrator all, a head those of the own studios."""
    query = select(Organisation).where(Organisation.kind == "studio")
    if not reaching.administers(actor):
        query = query.where(Organisation.id.in_(reaching.headed(actor)))
    return [*_scans(session, query, person_id), *_drafts(session, query, person_id)]


def _scans(session: Session, studios: Select[Organisation], person_id: int) -> list[Kept]:
    """A post that has ended counts, the scans are still there."""
    files = session.execute(
        select(Attachment, Case.number, Case.studio_id).outerjoin(Case, Case.id == Attachment.subject_id)
        .where(*attachments.waiting(person_id)).order_by(Attachment.id)
    ).all()  # fmt: skip
    if not files:
        return []
    held = Organisation.id.in_(select(Post.organisation_id).where(Post.person_id == person_id))
    places = session.scalars(studios.where(held).order_by(Organisation.id)).all()
    found = []
    for file, number, studio_id in files:
        near = tuple(studio for studio in places if studio_id in (None, studio.id))
        if near:
            found.append(Kept(SCAN, file.id, file.filename, number or "", near))
    return found


def _drafts(session: Session, studios: Select[Organisation], person_id: int) -> list[Kept]:
    mine = Draft.person_id == person_id, Draft.task_id.is_(None)
    rows = session.scalars(select(Draft).where(*mine).order_by(Draft.saved_at, Draft.id)).all()
    if not rows:
        return []
    wanted = {int(row.data["studio_id"]) for row in rows}
    places = {studio.id: studio for studio in session.scalars(studios.where(Organisation.id.in_(wanted)))}
    return [
        Kept(DRAFT, row.id, f"{clock.local(row.saved_at):%Y-%m-%d %H:%M}暂存", "", (places[studio_id],))
        for row in rows
        if (studio_id := int(row.data["studio_id"])) in places
    ]


def give(session: Session, person_id: int, receiver: Person, rows: Sequence[Kept]) -> list[Kept]:
    """They are the receiver's from now on; those that still waited. Who uploaded a file keeps his name on it."""
    moved = {
        (kind, row_id)
        for kind, move in ((SCAN, _give_scans), (DRAFT, _give_drafts))
        if (wanted := [row.row_id for row in rows if row.kind == kind])
        for row_id in move(session, person_id, receiver, wanted)
    }
    return [row for row in rows if (row.kind, row.row_id) in moved]


def _give_scans(session: Session, person_id: int, receiver: Person, wanted: Sequence[int]) -> list[int]:
    mine = update(Attachment).where(Attachment.id.in_(wanted), *attachments.waiting(person_id))
    moved = mine.values(uploaded_by_id=receiver.id).returning(Attachment.id)
    return list(session.scalars(moved.execution_options(synchronize_session=False)))


def _give_drafts(session: Session, person_id: int, receiver: Person, wanted: Sequence[int]) -> list[int]:
    """With their files; a letter somebody had begun to register is the receiver's to register."""
    mine = update(Draft).where(Draft.id.in_(wanted), Draft.person_id == person_id, Draft.task_id.is_(None))
    moved = mine.values(person_id=receiver.id).returning(Draft.id, Draft.key)
    found = session.execute(moved.execution_options(synchronize_session=False)).all()
    submissions.handed_over(session, [key for _, key in found], receiver.id, receiver.name)
    return [row_id for row_id, _ in found]
