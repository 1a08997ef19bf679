"""Exceptions to the articles of the measures: asked for with a reason by one procedure administrator, granted by
another. Only what cites an article can be let pass, never a diagram that cannot run."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.drafting.checking import Checked, findings, means, waiting
from engine.drafting.holding import row, touched
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.packages.models import ArticleException

MAX_REASON = 300


def open_exceptions(session: Session, actor: Actor, key: str) -> Sequence[ArticleException]:
    """Asked for or granted for the draft, also those whose finding has gone or changed since, oldest first."""
    require(actor, Verb.DEFINITION_READ)
    return waiting(session, key)


def request_exception(
    session: Session, actor: Actor, key: str, code: str, element_id: str, reason: str, mark: str = ""
) -> ArticleException:
    """申请例外 for one error of the saved draft that cites an article; `mark` (Checked.mark) tells apart several of one
    code on one element. Invalid without a reason, NotFound when the draft has no such finding, Forbidden when it cites
    no article, Conflict when it was asked for already."""
    require(actor, Verb.DEFINITION_PUBLISH)
    if not reason.strip():
        raise Invalid("请写明为什么需要例外。", {"reason": "请写明理由。"})
    if len(reason) > MAX_REASON:
        raise Invalid(f"理由最多 {MAX_REASON} 个字。", {"reason": f"最多 {MAX_REASON} 个字。"})
    found = _the_one(session, actor, key, code, element_id, mark)
    if found.article is None:
        raise Forbidden(verb="对不涉及条文的问题申请例外")
    if found.exception is not None:
        raise Conflict(f"{found.exception.requested_by_name}已对这一条申请例外，不需要再次申请。")
    finding = found.finding
    asked = ArticleException(
        key=key, code=finding.code, article=found.article, file=finding.file, element_id=finding.element,
        message=finding.message, reason=reason.strip(), state="requested", requested_by_id=actor.person_id,
        requested_by_name=actor.name, requested_at=clock.now(),
    )  # fmt: skip
    session.add(asked)
    session.flush()
    return asked


def approve_exception(session: Session, actor: Actor, exception_id: int) -> ArticleException:
    """批准例外 by a second procedure administrator. Conflict for who asked for it himself, when the finding has changed
    since, or when somebody else was faster."""
    asked = _asked(session, actor, exception_id)
    if asked.requested_by_id == actor.person_id:
        raise Conflict("例外须由申请人以外的另一名流程管理员批准。")
    if not any(means(asked, one.finding) for one in findings(session, actor, asked.key)):
        raise Conflict("草稿已经改动，这一条与申请时不同了。请撤销这项申请，按现在的问题重新申请。")
    free = update(ArticleException).where(ArticleException.id == exception_id, ArticleException.state == "requested")
    values = {"state": "approved", "approved_by_id": actor.person_id, "approved_by_name": actor.name}
    if touched(session, free.values(**values, approved_at=clock.now())) != 1:
        raise Conflict("这项例外刚刚已由他人批准或撤销，请刷新页面查看。")
    session.refresh(asked)
    return asked


def withdraw_exception(session: Session, actor: Actor, exception_id: int) -> ArticleException:
    """撤销 an exception of the draft, granted or not: any procedure administrator may make the rule hold again."""
    asked = _asked(session, actor, exception_id)
    still = update(ArticleException).where(
        ArticleException.id == exception_id, ArticleException.state.in_(("requested", "approved"))
    )
    if touched(session, still.values(state="withdrawn", closed_by_name=actor.name, closed_at=clock.now())) != 1:
        raise Conflict("这项例外已随版本发布，或者已经撤销，不能再撤销。")
    session.refresh(asked)
    return asked


def _asked(session: Session, actor: Actor, exception_id: int) -> ArticleException:
    require(actor, Verb.DEFINITION_PUBLISH)
    asked = session.get(ArticleException, exception_id, populate_existing=True)
    if asked is None:
        raise NotFound
    return asked


def _the_one(session: Session, actor: Actor, key: str, code: str, element_id: str, mark: str) -> Checked:
    if row(session, key) is None:
        raise Conflict("没有草稿，不需要例外。")
    alike = [
        one for one in findings(session, actor, key)
        if (one.finding.code, one.finding.element) == (code, element_id) and mark in ("", one.mark)
    ]  # fmt: skip
    if not alike:
        raise NotFound
    if len(alike) > 1:
        raise Invalid("这个环节有几条同类的问题，请在其中一条上申请。")
    return alike[0]
