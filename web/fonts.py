"""打印字体: administrators upload the fonts of official papers; without them the free ones are used."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.access import Verb
from engine.errors import Invalid
from engine.printing import fonts
from web.policy import policy
from web.session import actor, house

blueprint = Blueprint("fonts", __name__, url_prefix="/fonts")


@blueprint.get("")
@policy(Verb.FONTS_MANAGE)
def index() -> ResponseReturnValue:
    """What papers are printed with."""
    return _page()


@blueprint.post("/<role>")
@policy(Verb.FONTS_MANAGE)
def upload(role: str) -> ResponseReturnValue:
    """Take a font; one that cannot be used is refused with the reason."""
    file = request.files.get("file")
    data = file.stream.read(fonts.LARGEST + 1) if file else b""
    try:
        with g.session.begin_nested():
            row = fonts.upload(g.session, actor(), house().settings, role, (file.filename or "") if file else "", data)
    except Invalid as refusal:
        return _page({role: refusal.message}), 422
    flash(f"已启用“{row.family}”，此后打印的公文使用这个字体。")
    return redirect(url_for("fonts.index"))


@blueprint.post("/<role>/remove")
@policy(Verb.FONTS_MANAGE)
def remove(role: str) -> ResponseReturnValue:
    """Back to the free fonts."""
    fonts.remove(g.session, actor(), house().settings, role)
    flash("已停用，此后打印的公文使用系统自带字体。")
    return redirect(url_for("fonts.index"))


def _page(refusals: dict[str, str] | None = None) -> str:
    return render_template(
        "fonts/index.html", roles=fonts.ROLES, uploaded=fonts.uploaded(g.session, actor()), refusals=refusals or {},
        largest=fonts.LARGEST // 1_000_000,
    )  # fmt: skip
