"""What is done beside the tasks of a handling: 登记收文, 办理方案, standard paragraphs, the delegate's word
by telephone, co-signers and who replaces a delegate, deliveries (article 11)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import casefile, clock, forms, tasks
from engine.access import Verb
from engine.catalogue import replies
from engine.errors import Invalid, NotFound
from web.forms import Choices, Filled, no_choices
from web.policy import policy
from web.session import actor, is_fragment

blueprint = Blueprint("handling", __name__, url_prefix="/handling")


@dataclass(frozen=True)
class Sheet:
    """A form beside a task: its heading, a sentence on what it does, where it goes and where one came from."""

    title: str
    intro: str
    here: str
    back: str
    number: str
    form: forms.Form
    choices: Choices = no_choices


@blueprint.app_context_processor
def _acts() -> dict[str, Any]:
    """`handling_acts(file)`: what this person may do now beside the tasks; `answer_letter()`: helps for a 答复函;
    `extension_cards()`: what the delegate's page asks about extensions."""
    return {
        "handling_acts": lambda file: casefile.handling_acts(g.session, actor(), file),
        "answer_letter": replies.letter,
        "extension_cards": lambda: tasks.extension_cards(g.session, actor()),
    }


# ------------------------------------------------------------------------------------------------ the unit


@blueprint.get("/tasks/<int:task_id>/receipt")
@policy(Verb.HANDLING_FILE)
def receipt(task_id: int) -> ResponseReturnValue:
    """The form of 登记收文."""
    return _page(_of_task(task_id, "receipt"), _receipt_values(task_id))


@blueprint.post("/tasks/<int:task_id>/receipt")
@policy(Verb.HANDLING_FILE)
def register_receipt(task_id: int) -> ResponseReturnValue:
    """登记收文 in the unit's own register."""
    return _file(lambda: _of_task(task_id, "receipt"), lambda typed: _as_actor(tasks.register_receipt, task_id, typed))


@blueprint.get("/tasks/<int:task_id>/plan")
@policy(Verb.HANDLING_FILE)
def plan(task_id: int) -> ResponseReturnValue:
    """The form of 办理方案."""
    return _page(_of_task(task_id, "plan"), _receipt_values(task_id))


@blueprint.post("/tasks/<int:task_id>/plan")
@policy(Verb.HANDLING_FILE)
def file_plan(task_id: int) -> ResponseReturnValue:
    """填报办理方案."""
    return _file(lambda: _of_task(task_id, "plan"), lambda typed: _as_actor(tasks.file_plan, task_id, typed))


@blueprint.post("/tasks/<int:task_id>/paragraphs/<code>")
@policy(Verb.TASK_COMPLETE)
def paragraph(task_id: int, code: str) -> ResponseReturnValue:
    """A standard paragraph goes to the end of what is written; everything typed stays, as after 暂存."""
    chosen = next((row for row in replies.letter().paragraphs if row.code == code), None)
    if chosen is None:
        raise NotFound
    typed = _typed()
    typed["text"] = "\n".join(filter(None, (typed.get("text", "").rstrip(), chosen.text)))
    tasks.save_draft(g.session, actor(), task_id, typed)
    return redirect(url_for("tasks.show", task_id=task_id), 303)


_INTROS = {
    "receipt": "登记本单位的收文号、收文日期和办理人员。办理时限自收到来文之日起算，不等登记。",
    "plan": "收到来文后三个工作日内填报。街道、区、市组织部门和工作室在意见建议页面全程跟踪。",
}


def _of_task(task_id: int, name: str) -> Sheet:
    view = tasks.filing_view(g.session, actor(), task_id)
    form = tasks.beside(g.session, view.task.instance_id, name)
    posts = {"receipt": "handling.register_receipt", "plan": "handling.file_plan"}
    return Sheet(
        form.title, _INTROS[name], url_for(posts[name], task_id=task_id), url_for("tasks.show", task_id=task_id),
        view.case.number, form, lambda source: tasks.options(g.session, source, view.case, view.task),
    )  # fmt: skip


def _receipt_values(task_id: int) -> dict[str, str]:
    return tasks.filing_view(g.session, actor(), task_id).values


# ------------------------------------------------------------------------------------------------ the delegates


@blueprint.get("/cases/<int:case_id>/phone")
@policy(Verb.EXTENSION_RECORD)
def phone(case_id: int) -> ResponseReturnValue:
    """The form of 记录电话答复."""
    return _page(_phone(case_id), {"called_on": clock.today().isoformat()})


@blueprint.post("/cases/<int:case_id>/phone")
@policy(Verb.EXTENSION_RECORD)
def record_phone(case_id: int) -> ResponseReturnValue:
    """What the delegate answered on the telephone, written down by the studio (R63)."""
    return _file(lambda: _phone(case_id), lambda typed: _as_actor(tasks.record_consent, case_id, typed))


def _phone(case_id: int) -> Sheet:
    asked = tasks.asked(g.session, actor(), case_id, Verb.EXTENSION_RECORD)
    intro = (
        f"承办单位申请延期：{asked.extension.reason.rstrip('。')}。请致电市党代表{asked.case.delegate_name}，如实记录答复；"
        "代表会在“我的履职”确认，确认之前标明“待代表确认”。"
    )
    return _of_case(asked, "consent_call", intro, "handling.record_phone")


@blueprint.get("/cases/<int:case_id>/confirm")
@policy(Verb.EXTENSION_CONSENT)
def confirm(case_id: int) -> ResponseReturnValue:
    """What was written down in the delegate's name, for confirming or denying."""
    return _page(_confirmation(case_id))


@blueprint.post("/cases/<int:case_id>/confirm")
@policy(Verb.EXTENSION_CONSENT)
def settle_phone(case_id: int) -> ResponseReturnValue:
    """The delegate confirms or denies (R63)."""
    return _file(lambda: _confirmation(case_id), lambda typed: _as_actor(tasks.confirm_consent, case_id, typed))


def _confirmation(case_id: int) -> Sheet:
    asked = tasks.asked(g.session, actor(), case_id, Verb.EXTENSION_CONSENT)
    answer = "不同意延期" if asked.extension.decision == "refused" else "同意延期"
    note = asked.extension.call_note.rstrip("。")
    intro = f"工作室记录您的电话答复为“{answer}”。通话记录：{note}。申请理由：{asked.extension.reason}"
    return _of_case(asked, "consent_confirm", intro, "handling.settle_phone", back=url_for("delegate.index"))


@blueprint.get("/cases/<int:case_id>/view")
@policy(Verb.EXTENSION_VIEW)
def view(case_id: int) -> ResponseReturnValue:
    """The form of 联名代表意见."""
    return _page(_view(case_id))


@blueprint.post("/cases/<int:case_id>/view")
@policy(Verb.EXTENSION_VIEW)
def give_view(case_id: int) -> ResponseReturnValue:
    """A co-signer objects in writing, or has nothing against it (R64)."""
    return _file(lambda: _view(case_id), lambda typed: _as_actor(tasks.cosigner_view, case_id, typed))


def _view(case_id: int) -> Sheet:
    asked = tasks.asked(g.session, actor(), case_id, Verb.EXTENSION_VIEW)
    lead = asked.case.delegate_name
    reason = asked.extension.reason.rstrip("。")
    intro = f"承办单位申请延期：{reason}。由领衔代表{lead}答复；您反对的，由组织部门协调后再定。"
    return _of_case(asked, "cosigner_view", intro, "handling.give_view", back=url_for("delegate.index"))


def _of_case(asked: tasks.Asked, name: str, intro: str, endpoint: str, back: str = "") -> Sheet:
    form, case = tasks.beside(g.session, asked.instance_id, name), asked.case
    back = back or url_for("cases.show", case_id=case.id)
    return Sheet(form.title, intro, url_for(endpoint, case_id=case.id), back, case.number, form)


@blueprint.get("/cases/<int:case_id>/cosigners")
@policy(Verb.COSIGNER_ADD)
def cosigners(case_id: int) -> ResponseReturnValue:
    """The form of 添加联名代表."""
    return _page(_cosigners(case_id))


@blueprint.post("/cases/<int:case_id>/cosigners")
@policy(Verb.COSIGNER_ADD)
def add_cosigner(case_id: int) -> ResponseReturnValue:
    """One more delegate on the form (R64)."""
    return _file(lambda: _cosigners(case_id), lambda typed: _as_actor(tasks.add_cosigner, case_id, typed))


def _cosigners(case_id: int) -> Sheet:
    found = tasks.cosigner_choices(g.session, actor(), case_id)
    intro = (
        "几名市党代表共同提出的，由签名代表领衔；联名代表对延期有异议的，可以书面提出。报街道组织部门之后不能再添加。"
    )
    return _of_delegates(found, "cosigner", intro, "handling.add_cosigner")


@blueprint.get("/cases/<int:case_id>/delegate")
@policy(Verb.DELEGATE_REPLACE)
def replacement(case_id: int) -> ResponseReturnValue:
    """The form of 指定接替代表."""
    return _page(_replacement(case_id))


@blueprint.post("/cases/<int:case_id>/delegate")
@policy(Verb.DELEGATE_REPLACE)
def replace_delegate(case_id: int) -> ResponseReturnValue:
    """Who takes the place of a delegate out of office (R64)."""
    return _file(lambda: _replacement(case_id), lambda typed: _as_actor(tasks.replace_delegate, case_id, typed))


def _replacement(case_id: int) -> Sheet:
    found = tasks.replacement_choices(g.session, actor(), case_id)
    intro = (
        f"市党代表{found[0].delegate_name}任期届满或暂停履职，由市、区委组织部门指定联系本社区的代表接替；"
        "待办事项随之转交。"
    )
    return _of_delegates(found, "delegate_replacement", intro, "handling.replace_delegate")


def _of_delegates(found: tuple[Any, int, Sequence[tuple[str, str]]], name: str, intro: str, endpoint: str) -> Sheet:
    case, instance_id, choices = found
    form = tasks.beside(g.session, instance_id, name)
    back, here = url_for("cases.show", case_id=case.id), url_for(endpoint, case_id=case.id)
    return Sheet(form.title, intro, here, back, case.number, form, lambda _source: choices)


# ------------------------------------------------------------------------------------------------ deliveries


@blueprint.get("/copies/<int:copy_id>")
@policy(Verb.COPY_DELIVER)
def delivery(copy_id: int) -> ResponseReturnValue:
    """The form of 登记送达."""
    return _page(_delivery(copy_id), {"delivered_on": clock.today().isoformat()})


@blueprint.post("/copies/<int:copy_id>")
@policy(Verb.COPY_DELIVER)
def record_delivery(copy_id: int) -> ResponseReturnValue:
    """How a copy was delivered, or why not and what is done next (R66)."""
    return _file(lambda: _delivery(copy_id), lambda typed: _as_actor(tasks.record_delivery, copy_id, typed))


def _delivery(copy_id: int) -> Sheet:
    found = tasks.undelivered(g.session, actor(), copy_id)
    form, case = tasks.beside(g.session, found.instance_id, "delivery"), found.case
    intro = "书面反馈须送达反映人、市党代表和党代表工作室。送达的写明凭证；没有送达的写明原因和下一步措施。"
    if found.copy.failure:
        intro = f"上次没有送达：{found.copy.failure}。{intro}"
    here, back = url_for("handling.record_delivery", copy_id=copy_id), url_for("cases.show", case_id=case.id)
    return Sheet(form.title, intro, here, back, case.number, form)


# ------------------------------------------------------------------------------------------------ all of them


def _as_actor(act: Callable[..., str], key: int, typed: Mapping[str, str]) -> str:
    return act(g.session, actor(), key, typed)


def _file(sheet: Callable[[], Sheet], act: Callable[[Mapping[str, str]], str]) -> ResponseReturnValue:
    """Do it and go back with a sentence; wrong fields come back beside what was typed."""
    typed = _typed()
    try:
        with g.session.begin_nested():
            sentence = act(typed)
    except Invalid as refusal:
        return _page(sheet(), typed, refusal), 422
    flash(sentence)
    back = request.form.get("back", "")
    address = back if back.startswith("/") and not back.startswith("//") else url_for("workbench.index")
    if is_fragment():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _page(sheet: Sheet, values: Mapping[str, str] | None = None, refusal: Invalid | None = None) -> str:
    filled = Filled(sheet.form, values or {}, refusal, sheet.choices)
    frame = "pane.html" if is_fragment() else "base.html"
    return render_template("handling/act.html", frame=frame, sheet=sheet, filled=filled)


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name not in ("csrf_token", "back")}
