"""The three copies of a registration form (须知8, R44): one row each from registration on, and who got it how."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.models import Case, FormCopy

KEEPERS = {1: "reporter", 2: "studio", 3: "street"}
MARKS = {1: "第一联", 2: "第二联", 3: "第三联"}
KEEPER_WORDS = {"reporter": "反映人留存", "studio": "社区党代表工作室留存", "street": "街道组织部门留存"}
METHODS = {"in_person": "当面交付", "post": "邮寄", "archived": "归档留存", "with_case": "随件报送"}


def issue(session: Session, case: Case) -> None:
    """The three rows of a case that has just been registered, nothing handed over yet."""
    session.add_all([FormCopy(case_id=case.id, mark=mark, keeper=keeper) for mark, keeper in KEEPERS.items()])


def of_case(session: Session, case: Case) -> list[FormCopy]:
    """The copies of a case in order. Cases of the time before these rows show three open ones, which are not stored;
    the third goes with the case when the studio reports it."""
    stored = {row.mark: row for row in session.scalars(select(FormCopy).where(FormCopy.case_id == case.id))}
    return [
        stored.get(mark) or FormCopy(case_id=case.id, mark=mark, keeper=keeper, method="", proof="", content_hash="")
        for mark, keeper in KEEPERS.items()
    ]


def hand_over(
    session: Session, case: Case, mark: int, method: str, proof: str, *, at: datetime, by_id: int, by_name: str
) -> FormCopy:
    """Note that a copy of the form as it is now came to its keeper; a later one replaces the note, the history keeps
    both. KeyError for a mark or method that does not exist."""
    if method not in METHODS:
        raise KeyError(method)
    query = select(FormCopy).where(FormCopy.case_id == case.id, FormCopy.mark == mark)
    row = session.scalars(query).first()
    if row is None:
        row = FormCopy(case_id=case.id, mark=mark, keeper=KEEPERS[mark])
        session.add(row)
    row.method, row.proof, row.content_hash = method, proof, case.content_hash
    row.at, row.by_id, row.by_name = at, by_id, by_name
    return row
