"""登记: 《市党代表社情民意登记表》 as a form of the liaison, its number, and the print view of the three copies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, casefile, clock, intake
from engine.access import Verb
from engine.casefile import CaseFile
from engine.errors import Invalid, NotFound
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from web.forms import Filled, FilledField
from web.policy import policy
from web.session import actor, is_fragment

blueprint = Blueprint("registration", __name__, url_prefix="/registration")

# The blocks of the paper form, by the fields that open them; a field nobody placed stands in the block before it.
BLOCKS = (
    ("reporter_naming", "反映人情况"),
    ("channel", "反映情况"),
    ("delegate_id", "党代表情况"),
    ("settlement", "办理情况"),
)
COPIES = (("第一联", "反映人留存"), ("第二联", "社区党代表工作室留存"), ("第三联", "街道组织部门留存"))


@dataclass(frozen=True)
class Block:
    """A part of the form under its own heading, for the macros of components/form.html."""

    title: str
    fields: Sequence[FilledField]


@blueprint.get("")
@policy(Verb.CASE_REGISTER)
def new() -> ResponseReturnValue:
    """The empty form, or the draft; a liaison of several studios chooses one first."""
    studios = _studios()
    draft = next(iter(intake.drafts_of(g.session, actor())), None)
    values = dict(draft.data) if draft else {}
    chosen = request.args.get("studio") or values.get("studio_id", "")
    studio = _chosen(studios, chosen)
    if studio is None:
        return render_template("registration/studios.html", studios=studios)
    if draft and values.get("studio_id") != str(studio.id):
        draft, values = None, {}
    values = {"reflected_on": clock.today().isoformat()} | values
    return _form(studio, values, draft_at=draft.saved_at if draft else None)


@blueprint.post("/<int:studio_id>")
@policy(Verb.CASE_REGISTER)
def register(studio_id: int) -> ResponseReturnValue:
    """Check and register; wrong fields come back beside what was typed, and no number is used."""
    typed = _typed()
    try:
        with g.session.begin_nested():
            case = intake.register(g.session, actor(), studio_id, typed)
    except Invalid as refusal:
        studio = g.session.get_one(Organisation, studio_id)
        return _form(studio, typed, refusal), 422
    return redirect(url_for("registration.done", case_id=case.id))


@blueprint.post("/<int:studio_id>/draft")
@policy(Verb.CASE_REGISTER)
def draft(studio_id: int) -> ResponseReturnValue:
    """暂存: kept on the server, without a number yet (A21)."""
    intake.save_draft(g.session, actor(), studio_id, _typed())
    if is_fragment():
        return f"已暂存 {clock.local(clock.now()):%H:%M:%S}"
    flash("已暂存，可从草稿箱继续填写。")
    return redirect(url_for("registration.new", studio=studio_id))


@blueprint.get("/cases/<int:case_id>")
@policy(Verb.CASE_REGISTER)
def done(case_id: int) -> ResponseReturnValue:
    """The number in large type, and what happens next."""
    return render_template("registration/done.html", file=_own(case_id))


@blueprint.get("/cases/<int:case_id>/print")
@policy(Verb.CASE_REGISTER)
def paper(case_id: int) -> ResponseReturnValue:
    """The three copies for the printer; only the first carries the reporter's query code (R44, R92)."""
    file = _own(case_id)
    case = file.case
    digits = "".join(char for char in case.reporter_phone if char.isdigit())
    by_phone = len(digits) >= 4 and digits.endswith(case.query_code)
    form = intake.registration_form(g.session)
    labels = {item.name: {option.value: option.label for option in item.options} for item in form.fields}
    signed = next((row for row in reversed(file.signatures) if row.content_hash == case.content_hash), None)
    return render_template(
        "registration/print.html", file=file, copies=COPIES, by_phone=by_phone, labels=labels, signed=signed
    )


def _studios() -> list[Organisation]:
    ids = [post.organisation_id for post in actor().posts if post.duty == "liaison" and post.kind == "studio"]
    return [g.session.get_one(Organisation, studio_id) for studio_id in dict.fromkeys(ids)]


def _chosen(studios: Sequence[Organisation], wanted: str) -> Organisation | None:
    if len(studios) == 1:
        return studios[0]
    return next((studio for studio in studios if str(studio.id) == wanted), None)


def _own(case_id: int) -> CaseFile:
    """A case of the liaison's own studio."""
    file = casefile.load(g.session, actor(), case_id)
    scope = organisation.organisation_scope(g.session, file.case.studio_id)
    if not access.may(actor(), Verb.CASE_REGISTER, scope):
        raise NotFound
    return file


def _form(
    studio: Organisation, values: Mapping[str, str], refusal: Invalid | None = None, draft_at: object = None
) -> str:
    form = intake.registration_form(g.session)
    delegates = intake.delegates_for(g.session, studio.id)
    if len(delegates) == 1:
        values = {"delegate_id": delegates[0][0], **values}
    filled = Filled(form, values, refusal, lambda source: delegates if source == "delegates" else ())
    return render_template(
        "registration/new.html", studio=studio, filled=filled, blocks=_blocks(filled), delegates=delegates,
        draft_at=draft_at, several=len(_studios()) > 1,
    )  # fmt: skip


def _blocks(filled: Filled) -> list[Block]:
    titles = dict(BLOCKS)
    blocks: list[tuple[str, list[FilledField]]] = []
    for item in filled.fields:
        if item.field.name in titles or not blocks:
            blocks.append((titles.get(item.field.name, BLOCKS[0][1]), []))
        blocks[-1][1].append(item)
    return [Block(title, fields) for title, fields in blocks]


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}
