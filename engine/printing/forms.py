"""Annex 1 and annex 2 as papers (R94): the two forms of the measures, their grids in templates/."""

from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy.orm import Session

from engine import access
from engine.access import Actor, Verb
from engine.cases import copies, labels, verifying
from engine.cases.models import Signature
from engine.organisation import queries as organisation
from engine.printing import fit, render
from engine.printing.annex2 import Annex2, Signed, annex2
from engine.printing.render import Paper
from engine.printing.reporter import HIDDEN
from engine.printing.rules import RULES
from engine.printing.subject import Subject, subject

GRADES = {code: label for code, label in labels.GRADES.items() if code != "unreachable"}
# characters and lines of a box at 10.5 pt, the characters its label takes (142 mm wide)
CONTENT = (36, 10)
ANSWER = (36, 5, 5)
# millimetres inside the cells of the grid
CELLS = {
    "姓名": 21.6, "单位": 49.6, "单位地址": 51.6, "住址": 49.6, "住址电话": 51.6, "途径注明": 90.0, "党代表姓名": 21.6,
    "职务": 25.6, "联系方式": 37.6, "反映人签字": 76.0,
}  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """One of the three copies; the reporter's says how to ask for the progress."""

    mark: str
    keeper: str
    how_to_ask: bool


def annex2_paper(session: Session, actor: Actor, case_id: int) -> Paper:
    """《意见建议办理情况跟踪明细帐》, the page of one case."""
    page = annex2(session, actor, case_id)
    sheets = annex2_sheets([page])
    return Paper(f"跟踪明细帐 {page.case.number}", f"跟踪明细帐-{page.case.number}", sheets, case_id, "附件2，A4 纸。")


def annex2_sheets(pages: list[Annex2], first: int = 0, total: int = 0) -> Markup:
    """Pages of the ledger; numbered from `first` on when they are part of a book of `total`."""
    return render.sheets("annex2.html", pages=pages, grades=GRADES, first=first, total=total)


def registration(session: Session, actor: Actor, case_id: int, address: str = "") -> Paper:
    """《市党代表社情民意登记表》: the three copies, each with the filling instructions on its reverse (R44, 须知8).

    `address`: where the house is reached from outside, for the QR code."""
    about = subject(session, actor, case_id)
    case, person = about.case, about.person
    own = access.may(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, case.studio_id))
    marks = [Mark(copies.MARKS[mark], copies.KEEPER_WORDS[keeper], own and mark == 1)
             for mark, keeper in copies.KEEPERS.items()]  # fmt: skip
    content, answer = fit.split(case.content, *CONTENT), fit.split(case.spot_answer, *ANSWER)
    hand = _reporter(about)
    values = (
        person.name, person.employer, person.employer_address, person.address, person.address_phone, case.channel_note,
        case.delegate_name, case.delegate_title, case.delegate_contact, hand.note if hand else "",
    )  # fmt: skip
    cells = {name: fit.cell(value, CELLS[name]) for name, value in zip(CELLS, values, strict=True)}
    rest = [(label, found.rest) for label, found in cells.items()]
    rest += [("反映内容", content[1]), ("答复内容", answer[1])]
    digits = "".join(character for character in case.reporter_phone if character.isdigit())
    sheets = render.sheets(
        "registration.html", case=case, person=person, copies=marks, content=content, answer=answer, cells=cells,
        rest=[(label, text) for label, text in rest if text], rules=RULES,
        by_phone=len(digits) >= 4, query_code=case.query_code if len(case.query_code) > 4 else "",
        attached=about.attached(),
        signed=_signed(about.signature("registration", "delegate")), reporter_signed=hand,
        channels=labels.CHANNELS, settlements=labels.SETTLEMENTS, grades=GRADES,
        qr=Markup(verifying.qr_svg(case, address)),  # noqa: S704  # drawn by us from number and hash
    )  # fmt: skip
    notes = "一式三份，每份正面为登记表，背面为填表须知。请选择双面打印、“实际大小”。"
    return Paper(f"登记表 {case.number}", f"登记表-{case.number}", sheets, case.id, notes)


def _signed(row: Signature | None) -> Signed | None:
    return Signed(row.name, render.day(row.signed_at), image=row.image) if row else None


def _reporter(about: Subject) -> Signed | None:
    """The reporter's hand, or what stands in its place; None leaves the line for a pen (R37, R38)."""
    row = about.signature("registration", "reporter")
    if row is None or row.method == "paper":
        return None
    if about.person.name == HIDDEN:
        return Signed("", render.day(row.signed_at), f"{HIDDEN}（反映人已确认）")
    if row.image:
        return Signed(row.name if about.person.name == row.name else "", render.day(row.signed_at), image=row.image)
    witness = f"见证人：{row.witness}" if row.witness else ""
    words = {"refused": "拒绝签字", "remark": "党代表注明"}
    note = "；".join(part for part in (words.get(row.method, ""), row.note, witness) if part)
    return Signed("", render.day(row.signed_at), note)
