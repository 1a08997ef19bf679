"""Refusals become answers here, once: status, a sentence with what, where and what now, as a page or as a fragment."""

import secrets
from dataclasses import dataclass

import structlog
from flask import Flask, Response, make_response, render_template, request, session
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from engine import incidents
from engine.errors import Conflict, Forbidden, Invalid, LianxinError, NotFound
from web.session import READING, is_fragment, opened

log = structlog.get_logger("lianxin.web")

# the first class that fits decides
STATUS: tuple[tuple[type[LianxinError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Invalid, 422),
)


@dataclass(frozen=True)
class Told:
    """What a person reads when something was not done."""

    status: int
    title: str
    sentence: str
    advice: str
    incident: str = ""


ADVICE = {
    400: ("请求不完整", "请返回上一页，刷新后重试；您已暂存的内容仍在草稿箱。"),
    403: ("没有权限", "请返回工作台；如工作需要，请联系本单位管理员调整岗位。"),
    404: ("没有找到", "请核对编号，或在“意见建议查询”里重新查找。"),
    405: ("操作方式不对", "请从页面上的按钮办理，不要直接修改网址。"),
    409: ("已有变化", "请按上面的说明办理；情况可能刚有变化的，先刷新页面看最新情况。已暂存的内容不会丢失。"),
    413: ("内容过大", "请删减内容或压缩附件后重试。"),
    422: ("内容需要修改", "请按提示修改后再次提交。"),
    429: ("操作过于频繁", "请稍等一分钟后重试。"),
    500: ("系统出现问题", "您的操作没有生效，数据没有改变。请稍后重试；如仍出现，请把事故编号告诉系统管理员。"),
}
SENTENCES = {
    400: "提交的内容不完整，系统无法处理。",
    404: "没有找到您要的页面，可能已被移走，或网址有误。",
    405: "这个网址不支持这种操作。",
    413: "提交的内容超过了系统允许的大小。",
    429: "短时间内操作次数过多。",
}


def status_of(error: LianxinError) -> int:
    """The HTTP status of a refusal; what nobody placed is our own mistake."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def set_up(app: Flask) -> None:
    """Register the answers."""
    app.register_error_handler(LianxinError, _refused)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _failed)


def _refused(error: LianxinError) -> Response:
    status = status_of(error)
    if status == 500:
        return _failed(error)
    log.warning("refused", status=status, path=request.path, method=request.method, reason=error.message)
    return _answer(status, error.message)


def _stale(_error: CSRFError) -> Response:
    return _answer(400, "页面停留时间过长，或登录已变化，为安全起见没有提交。")


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    return _answer(error.code, SENTENCES.get(error.code, "请求没有完成。"))


def _failed(error: Exception) -> Response:
    incident = secrets.token_hex(4).upper()
    log.error("failed", incident=incident, path=request.path, method=request.method, exc_info=error)
    _report(incident, error)
    sentence = error.message if isinstance(error, LianxinError) else "系统内部出现错误，操作没有完成。"
    return _answer(500, sentence, incident)


def _report(number: str, error: Exception) -> None:
    """An act on a task that broke is an incident on its case; the act itself has been rolled back before."""
    task_id = (request.view_args or {}).get("task_id")
    if request.method in READING or not isinstance(task_id, int):
        return
    try:
        with opened(writing=True) as database:
            incidents.failed_act(database, task_id, number, error)
    except Exception:  # the person gets the number in any case
        log.exception("incident not recorded", incident=number)


def _answer(status: int, sentence: str, incident: str = "") -> Response:
    if request.method not in READING:
        session.pop("_flashes", None)  # what the act said of itself before it was refused
    title, advice = ADVICE.get(status, ADVICE[500 if status >= 500 else 400])
    told = Told(status, title, sentence, advice, incident)
    if is_fragment():
        answer = make_response(render_template("errors/fragment.html", told=told), status)
        answer.headers["HX-Retarget"] = "#said"
        answer.headers["HX-Reswap"] = "innerHTML show:bottom"
        return answer
    return make_response(_page(told), status)


def _page(told: Told) -> str:
    """The page in the person's own frame if there is one; a broken database still gets a page."""
    try:
        with opened(writing=False):
            frame = "base.html" if current_user.is_authenticated else "plain.html"
            return render_template("errors/page.html", told=told, frame=frame)
    except Exception:  # noqa: BLE001 - whatever broke the request may break its frame too
        return render_template("errors/page.html", told=told, frame="plain.html")
