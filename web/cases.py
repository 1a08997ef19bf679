"""The page of a case: facts, path, history, live diagram, and what this person may do to it now."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import casefile, custody, filing, tasks
from engine.access import Verb
from engine.cases import versions
from engine.errors import Invalid, NotFound
from web.forms import Filled
from web.policy import policy
from web.session import actor, is_fragment

TABS = {
    "overview": "基本情况", "progress": "办理过程", "path": "办理路径", "files": "附件", "diagram": "流程图",
    "log": "日志",
}  # fmt: skip
TERMINATION = "terminate"
blueprint = Blueprint("cases", __name__, url_prefix="/cases/<int:case_id>")


@blueprint.get("")
@policy(Verb.CASE_READ)
def show(case_id: int) -> ResponseReturnValue:
    """One tab of the case; htmx asks for the tab alone."""
    tab = request.args.get("tab", "overview")
    if tab not in TABS:
        raise NotFound
    file = casefile.load(g.session, actor(), case_id)
    template = "cases/_tabs.html" if is_fragment() else "cases/show.html"
    return render_template(
        template,
        file=file,
        tab=tab,
        tabs=TABS,
        withdrawable=_withdrawable(case_id),
        separable=tasks.may_separate(g.session, actor(), file.case),
        **_drawing(tab, case_id),
        **_files(tab, file),
    )


def _withdrawable(case_id: int) -> bool:
    return tasks.withdrawable(g.session, actor(), case_id) is not None


def _drawing(tab: str, case_id: int) -> dict[str, Any]:
    """Which drawings there are, for the tab that shows one."""
    if tab != "diagram":
        return {}
    drawn = casefile.diagram(g.session, actor(), case_id, request.args.get("process"))
    return {"drawings": drawn["tabs"], "process": drawn["process"]}


def _files(tab: str, file: casefile.CaseFile) -> dict[str, Any]:
    """Attachments, versions and copies of the form, for the tab that shows them."""
    if tab != "files":
        return {}
    return {
        "attached": filing.of_case(g.session, actor(), file.case.id),
        "may_add": filing.may_add(g.session, actor(), file.case),
        "versions": versions.told(g.session, file.case.id),
        "form_copies": custody.copies_of(g.session, actor(), file.case.id),
        "may_hand_over": custody.may_hand_over(g.session, actor(), file.case),
    }


@blueprint.get("/diagram.json")
@policy(Verb.DIAGRAM_READ)
def diagram(case_id: int) -> ResponseReturnValue:
    """The drawing with its marks, for viewer.js."""
    drawn = casefile.diagram(g.session, actor(), case_id, request.args.get("process"))
    return drawn | {
        "links": {
            element: url_for("cases.show", case_id=case_id, tab="diagram", process=process)
            for element, process in drawn["links"].items()
        }
    }


@blueprint.get("/why")
@policy(Verb.CASE_READ)
def why(case_id: int) -> ResponseReturnValue:
    """Each day counted or skipped up to the due date of the case, and why."""
    reason = casefile.why_of_case(g.session, actor(), case_id)
    return render_template("cases/_why.html" if is_fragment() else "cases/why.html", why=reason)


@blueprint.post("/read")
@policy(Verb.COPY_READ)
def read(case_id: int) -> ResponseReturnValue:
    """已阅: the copies addressed to this person or this organisation."""
    casefile.mark_copies_read(g.session, actor(), case_id)
    flash("已阅。抄送件已移到“已阅”。")
    return redirect(url_for("cases.show", case_id=case_id))


@blueprint.post("/withdraw")
@policy(Verb.CASE_WITHDRAW)
def withdraw(case_id: int) -> ResponseReturnValue:
    """撤回 one's last act, while the next person has not 签收-ed."""
    tasks.withdraw(g.session, actor(), case_id)
    flash("已撤回，事项回到您的“在办”，时限按原来继续计算。")
    return redirect(url_for("cases.show", case_id=case_id))


@blueprint.get("/terminate")
@policy(Verb.CASE_TERMINATE)
def termination(case_id: int) -> ResponseReturnValue:
    """The form of 终止."""
    return _termination(case_id)


@blueprint.post("/terminate")
@policy(Verb.CASE_TERMINATE)
def terminate(case_id: int) -> ResponseReturnValue:
    """终止 with its reason (R117)."""
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    try:
        with g.session.begin_nested():
            tasks.terminate(g.session, actor(), case_id, typed)
    except Invalid as refusal:
        return _termination(case_id, typed, refusal), 422
    flash("已终止，已告知反映人和市党代表。")
    return redirect(url_for("cases.show", case_id=case_id))


def _termination(case_id: int, typed: dict[str, str] | None = None, refusal: Invalid | None = None) -> str:
    file = casefile.load(g.session, actor(), case_id)
    if not file.may_terminate or file.instance_id is None:
        raise NotFound
    form = tasks.form_of(g.session, file.instance_id, TERMINATION)
    return render_template("cases/terminate.html", file=file, filled=Filled(form, typed or {}, refusal))
