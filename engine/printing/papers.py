"""Every paper by its kind: `paper(session, actor, "referral", handling_id)`. Who may read the case prints it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.access import Actor
from engine.errors import NotFound
from engine.printing import forms, handling_papers, pressing_papers
from engine.printing.render import Paper


@dataclass(frozen=True)
class Kind:
    """A paper's name, and what it is made of: the row whose id is in its address."""

    label: str
    make: Callable[[Session, Actor, int], Paper]


KINDS: Mapping[str, Kind] = {
    "registration": Kind("社情民意登记表", forms.registration),  # case
    "annex2": Kind("跟踪明细帐", forms.annex2_paper),  # case
    "cover": Kind("汇总表", pressing_papers.cover),  # batch of reports
    "referral": Kind("转交单", handling_papers.referral),  # handling
    "decline": Kind("退件单", handling_papers.decline),  # handling
    "extension": Kind("延期申请单", handling_papers.extension),  # extension
    "urge": Kind("催办通知", pressing_papers.urge),  # slip
    "reminder": Kind("催办通知", pressing_papers.reminder),  # reminder
    "order": Kind("督办通知单", pressing_papers.order),  # slip
    "supervision": Kind("督办通知单", pressing_papers.supervision),  # rung of the ladder
    "answer": Kind("答复函", handling_papers.answer),  # feedback
    "delivery": Kind("抄送送达单", handling_papers.delivery),  # feedback
    "consultation": Kind("三方协商记录", pressing_papers.consultation),  # consultation
}


def paper(session: Session, actor: Actor, kind: str, row_id: int, address: str = "") -> Paper:
    """The paper of that kind about that row; `address` is where the house is reached from outside (QR code).

    NotFound for a kind that does not exist, a row that does not, or one outside the actor's reach."""
    if kind not in KINDS:
        raise NotFound
    if kind == "registration":
        return forms.registration(session, actor, row_id, address)
    return KINDS[kind].make(session, actor, row_id)
