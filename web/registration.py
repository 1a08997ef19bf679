"""登记: 《市党代表社情民意登记表》 as a form of the liaison, its drafts and files, its number, its copies."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, casefile, clock, filing, intake
from engine.access import Verb
from engine.attachments import queries as attachments
from engine.casefile import CaseFile
from engine.cases.models import Draft
from engine.errors import Invalid, NotFound
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from web.attachments import keep_uploaded
from web.forms import Filled, FilledField
from web.policy import policy, reading
from web.session import actor, is_fragment, keep_writes

blueprint = Blueprint("registration", __name__, url_prefix="/registration")

# The blocks of the paper form, by the fields that open them; a field nobody placed stands in the block before it.
BLOCKS = (
    ("reporter_naming", "反映人情况"),
    ("channel", "反映情况"),
    ("delegate_id", "党代表情况"),
    ("settlement", "办理情况"),
)
MATERIAL = "反映情况"  # under which the attachments stand
OWN = frozenset({"csrf_token", "draft_key"})  # what a form carries beside its fields


@dataclass(frozen=True)
class Block:
    """A part of the form under its own heading, for the macros of components/form.html."""

    title: str
    fields: Sequence[FilledField]


@blueprint.get("")
@policy(Verb.CASE_REGISTER)
def new() -> ResponseReturnValue:
    """The empty form, or with ?draft= the draft of that key; a liaison of several studios chooses one first."""
    studios = _studios()
    draft = intake.draft_of(g.session, actor(), request.args["draft"]) if "draft" in request.args else None
    values = dict(draft.data) if draft else {}
    if draft is not None and "registered_on" in values:
        return redirect(url_for("backfill.new", studio_id=values["studio_id"], draft=draft.key))
    studio = _chosen(studios, values.get("studio_id", "") or request.args.get("studio", ""))
    if studio is None:
        return render_template("registration/studios.html", studios=studios, drafts=_drafts(studios))
    values = {"reflected_on": clock.today().isoformat()} | values
    return _form(studio, values, draft=draft)


@blueprint.post("/<int:studio_id>")
@policy(Verb.CASE_REGISTER)
def register(studio_id: int) -> ResponseReturnValue:
    """Check and register; wrong fields come back beside what was typed, no number is used, the draft stays."""
    values, key = typed(), page_key()
    try:
        with g.session.begin_nested():
            keep_files(studio_id, values, key)
            case = intake.register(g.session, actor(), studio_id, values, key)
    except Invalid as refusal:
        return _form(g.session.get_one(Organisation, studio_id), values, refusal, keep_typed(studio_id, refusal)), 422
    return redirect(url_for("registration.done", case_id=case.id))


def keep_files(studio_id: int, values: Mapping[str, str], key: str) -> None:
    """What was chosen in the file fields, where no script has sent it before."""
    if any(file.filename for file in request.files.getlist("files")):
        draft = intake.save_draft(g.session, actor(), studio_id, values, key)
        keep_uploaded(None, "registration", draft_id=draft.id)


def keep_typed(studio_id: int, refusal: Invalid) -> Draft:
    """The draft of a page that was refused: what was typed and the files that could be kept are kept all the same."""
    values, key = typed(), intake.another_key(g.session, actor(), page_key())
    with g.session.begin_nested():
        draft = intake.save_draft(g.session, actor(), studio_id, values, key)
    if "files" not in refusal.errors:
        keep_files(studio_id, values, key)
    keep_writes()
    return draft


@blueprint.post("/<int:studio_id>/draft")
@policy(Verb.CASE_REGISTER)
def draft(studio_id: int) -> ResponseReturnValue:
    """暂存: kept on the server, without a number yet (A21)."""
    intake.save_draft(g.session, actor(), studio_id, typed(), page_key())
    if is_fragment():
        return f"已暂存 {clock.local(clock.now()):%H:%M:%S}"
    flash("已暂存，可从草稿箱继续填写。")
    return redirect(url_for("registration.new", studio=studio_id, draft=page_key()))


@blueprint.post("/<int:studio_id>/discard")
@policy(Verb.CASE_REGISTER)
def discard(studio_id: int) -> ResponseReturnValue:
    """Throw a draft of one's own away."""
    intake.discard_draft(g.session, actor(), page_key())
    flash("草稿已删除。")
    return redirect(url_for("registration.new", studio=studio_id))


@blueprint.post("/<int:studio_id>/files")
@policy(Verb.CASE_REGISTER)
def upload(studio_id: int) -> ResponseReturnValue:
    """Add files before there is a case: they belong to the draft, which is saved with them."""
    saved = intake.save_draft(g.session, actor(), studio_id, typed(), page_key())
    wrong = ""
    try:
        keep_uploaded(None, "registration", draft_id=saved.id)
    except Invalid as refused:
        wrong = refused.message
    return _files(studio_id, saved, wrong)


@blueprint.post("/<int:studio_id>/files/<int:attachment_id>/remove")
@policy(Verb.CASE_REGISTER)
def remove_file(studio_id: int, attachment_id: int) -> ResponseReturnValue:
    """Take a file out of one's own draft again."""
    filing.remove(g.session, actor(), attachment_id)
    saved = intake.save_draft(g.session, actor(), studio_id, typed(), page_key())
    return _files(studio_id, saved, "")


def _files(studio_id: int, saved: Draft, wrong: str) -> ResponseReturnValue:
    if is_fragment():
        rows = attachments.of_draft(g.session, saved.id)
        return render_template("registration/_files.html", attached=rows, wrong=wrong, studio_id=studio_id)
    if wrong:
        flash(wrong)
    return redirect(url_for("registration.new", studio=studio_id, draft=saved.key))


@blueprint.post("/<int:studio_id>/similar")
@policy(Verb.CASE_REGISTER)
@reading
def similar(studio_id: int) -> ResponseReturnValue:
    """Opinions of the last 30 days that resemble what is being typed; for scripts."""
    text = f"{request.form.get('summary', '')} {request.form.get('content', '')}"
    chosen = [int(part) for part in request.form.getlist("same_as") if part.isdecimal() and len(part) < 12]
    found = intake.similar(g.session, actor(), studio_id, text[:2000], chosen)
    return render_template("registration/_similar.html", found=found)


@blueprint.get("/cases/<int:case_id>")
@policy(Verb.CASE_REGISTER)
def done(case_id: int) -> ResponseReturnValue:
    """The number in large type, and what happens next."""
    return render_template("registration/done.html", file=_own(case_id))


@blueprint.get("/cases/<int:case_id>/print")
@policy(Verb.CASE_REGISTER)
def paper(case_id: int) -> ResponseReturnValue:
    """The three copies for the printer; only the first carries the reporter's query code (R44, R92)."""
    _own(case_id)
    return redirect(url_for("papers.show", kind="registration", row_id=case_id))


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


def _drafts(studios: Sequence[Organisation], but: str | None = None) -> list[tuple[Draft, str]]:
    """The liaison's drafts for these studios but the one on the page, each with its studio's name."""
    names = {str(studio.id): studio.name for studio in studios}
    found = intake.drafts_of(g.session, actor())
    return [(row, names[row.data["studio_id"]]) for row in found
            if row.key != but and row.data.get("studio_id") in names]  # fmt: skip


def _form(
    studio: Organisation, values: Mapping[str, str], refusal: Invalid | None = None, draft: Draft | None = None
) -> str:
    form = intake.registration_form(g.session)
    delegates = intake.delegates_for(g.session, studio.id)
    usual = intake.usual_delegate(g.session, studio.id, [value for value, _label in delegates])
    filled = Filled(
        form, {"delegate_id": usual, **values}, refusal, lambda source: delegates if source == "delegates" else ()
    )
    studios = _studios()
    chosen = [int(part) for part in values.get("same_as", "").split() if part.isdecimal()]
    return render_template(
        "registration/new.html", studio=studio, filled=filled, blocks=_blocks(filled), delegates=delegates,
        draft=draft, key=draft.key if draft else page_key() or secrets.token_urlsafe(12), material=MATERIAL,
        attached=attachments.of_draft(g.session, draft.id) if draft else (), studio_id=studio.id,
        wrong=refusal.errors.get("files", "") if refusal else "", several=len(studios) > 1,
        drafts=_drafts(studios, draft.key if draft else None), today=clock.today(),
        found=intake.similar(g.session, actor(), studio.id, _said(values), chosen) if chosen else (),
    )  # fmt: skip


def _said(values: Mapping[str, str]) -> str:
    return f"{values.get('summary', '')} {values.get('content', '')}"


def _blocks(filled: Filled) -> list[Block]:
    titles = dict(BLOCKS)
    blocks: list[tuple[str, list[FilledField]]] = []
    for item in filled.fields:
        if item.field.name in titles or not blocks:
            blocks.append((titles.get(item.field.name, BLOCKS[0][1]), []))
        blocks[-1][1].append(item)
    return [Block(title, fields) for title, fields in blocks]


def page_key() -> str:
    """The key of the draft this page works on; "" for a client that has none."""
    return request.form.get("draft_key", "")[:32]


def typed() -> dict[str, str]:
    """The fields of the page as they were typed."""
    values = {name: value for name, value in request.form.items() if name not in OWN}
    if "same_as" in values:
        values["same_as"] = " ".join(request.form.getlist("same_as"))
    return values
