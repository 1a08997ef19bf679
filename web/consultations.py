"""三方协商: calling the parties together from the page of a case, and the record of the meeting (article 12, R77)."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import casefile, consulting, tasks
from engine.access import Verb
from engine.errors import Conflict, Invalid, NotFound
from web.forms import Filled, choices_of
from web.policy import policy
from web.session import actor

blueprint = Blueprint("consultations", __name__)
PLAN = ("topic", "day", "time", "venue")


@blueprint.app_context_processor
def _beside() -> dict[str, Any]:
    """What the pages of a case and of a task show of its consultations."""

    def meetings_of(file: casefile.CaseFile) -> dict[str, Any]:
        convener = consulting.convenes(g.session, actor(), file.case)
        return {"rows": consulting.of_case(g.session, file.case.id), "convener": convener}

    return {
        "meetings_of": meetings_of,
        "meeting_of": lambda view: consulting.beside(g.session, view.task, view.case),
    }


@blueprint.get("/cases/<int:case_id>/consultations/new")
@policy(Verb.CONSULTATION_CALL)
def new(case_id: int) -> ResponseReturnValue:
    """The form of an invitation."""
    return _new(case_id)


@blueprint.post("/cases/<int:case_id>/consultations")
@policy(Verb.CONSULTATION_CALL)
def call(case_id: int) -> ResponseReturnValue:
    """召集三方协商: the parties are invited, the meeting is somebody's task."""
    typed = _typed()
    try:
        with g.session.begin_nested():
            row = consulting.call(g.session, actor(), case_id, typed)
    except Invalid as refusal:
        return _new(case_id, typed, refusal), 422
    flash("已发出邀请。反映人没有手机号的，请电话或当面通知。办理时限照常计算。")
    return redirect(url_for("consultations.show", consultation_id=row.id))


def _new(case_id: int, typed: Mapping[str, str] | None = None, refusal: Invalid | None = None) -> str:
    file = casefile.load(g.session, actor(), case_id)
    convener = consulting.convenes(g.session, actor(), file.case)
    if convener is None:
        raise NotFound
    form = {name: (typed or {}).get(name, "") for name in PLAN}
    return render_template("consultations/new.html", file=file, convener=convener, form=form, refusal=refusal)


@blueprint.get("/consultations/<int:consultation_id>")
@policy(Verb.CASE_READ)
def show(consultation_id: int) -> ResponseReturnValue:
    """The record of a consultation; for its convener, with the fields to fill."""
    return _page(consultation_id)


def _page(
    consultation_id: int, part: str = "", typed: Mapping[str, str] | None = None, refusal: Invalid | None = None
) -> str:
    meeting = consulting.meeting(g.session, actor(), consultation_id)
    return render_template(
        "consultations/show.html", meeting=meeting, part=part, typed=typed or {}, refusal=refusal,
        signing=consulting.SIGNING, filled=_closing(meeting, typed if part == "close" else None, refusal),
    )  # fmt: skip


def _closing(meeting: consulting.Meeting, typed: Mapping[str, str] | None, refusal: Invalid | None) -> Filled | None:
    if meeting.task is None or not meeting.may_record:
        return None
    form = tasks.form_of(g.session, meeting.task.instance_id, meeting.task.form)
    return Filled(form, typed or {}, refusal if typed is not None else None, choices_of(meeting.case, meeting.task))


@blueprint.post("/consultations/<int:consultation_id>/parties/<int:participant_id>")
@policy(Verb.CONSULTATION_CALL)
def note_party(consultation_id: int, participant_id: int) -> ResponseReturnValue:
    """到场情况, 意见 and 签名 of one party."""
    return _act(consultation_id, f"party-{participant_id}", "已记录。", lambda typed: consulting.note_party(
        g.session, actor(), consultation_id, participant_id, typed
    ))  # fmt: skip


@blueprint.post("/consultations/<int:consultation_id>/measures")
@policy(Verb.CONSULTATION_CALL)
def agree(consultation_id: int) -> ResponseReturnValue:
    """商定事项 with who does it and until when."""
    return _act(consultation_id, "measure", "已记录商定事项，协商结束后送责任方办理。", lambda typed: consulting.agree(
        g.session, actor(), consultation_id, typed
    ))  # fmt: skip


@blueprint.post("/consultations/<int:consultation_id>/measures/<int:measure_id>/remove")
@policy(Verb.CONSULTATION_CALL)
def unsay(consultation_id: int, measure_id: int) -> ResponseReturnValue:
    """Take a measure back."""
    return _act(consultation_id, "", "已删去。", lambda _typed: consulting.unsay(
        g.session, actor(), consultation_id, measure_id
    ))  # fmt: skip


@blueprint.post("/consultations/<int:consultation_id>/close")
@policy(Verb.CONSULTATION_CALL)
def close(consultation_id: int) -> ResponseReturnValue:
    """结束协商, or 取消; signed for on the way where nobody has."""
    return _act(consultation_id, "close", "协商已经结束，商定事项已送责任方办理。", lambda typed: _close(
        consultation_id, typed
    ))  # fmt: skip


def _close(consultation_id: int, typed: Mapping[str, str]) -> None:
    task = consulting.meeting(g.session, actor(), consultation_id).task
    if task is None:
        raise Conflict("这次协商已经结束，记录不能再修改。")
    if task.assignee_id is None:
        tasks.claim(g.session, actor(), task.id)
        g.session.flush()
    tasks.complete(g.session, actor(), task.id, typed)


def _act(consultation_id: int, part: str, told: str, act: Callable[[dict[str, str]], object]) -> ResponseReturnValue:
    typed = _typed()
    try:
        with g.session.begin_nested():
            act(typed)
    except Invalid as refusal:
        return _page(consultation_id, part, typed, refusal), 422
    flash(told)
    return redirect(url_for("consultations.show", consultation_id=consultation_id))


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}
