"""对比: two versions of a procedure, or a version and the draft, side by side: drawings in colour, changes in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import bpmn, definitions, drafting
from engine.access import Verb
from engine.definitions import Change, Version
from engine.errors import NotFound
from web.policy import policy
from web.session import actor
from web.vocabulary import named_elements

blueprint = Blueprint("comparing", __name__, url_prefix="/procedures/<key>/compare")
DRAFT = "draft"
# how a change looks in the drawing; what is not listed is a change of the element itself
LOOKS = {"added": "added", "removed": "removed", "moved": "moved", "lane": "moved"}
WORDS = {"added": "新增", "removed": "删去", "moved": "移动", "changed": "改动", "limit": "时限"}


@dataclass(frozen=True)
class Side:
    """One of the two: `name` is its address part, a version's id or `draft`."""

    name: str
    label: str
    files: Mapping[str, bytes]


@blueprint.get("")
@policy(Verb.DEFINITION_READ)
def show(key: str) -> ResponseReturnValue:
    """?old=&new= (ids of versions; new may be `draft`), ?file= for the drawing; by default the version in force and the
    draft, or the newest version and the one before it."""
    versions = definitions.versions(g.session, actor(), key)
    editing = drafting.look(g.session, actor(), key)
    old, new = _sides(key, versions, editing is not None)
    changes, refusal = _changes(old.files, new.files)
    drawings = _drawings(old.files, new.files)
    file = request.args.get("file") or _first(changes, drawings)
    if drawings and file not in drawings:
        raise NotFound
    return render_template(
        "comparing/show.html", key=key, name=definitions.name(g.session, versions[0].package.id), versions=versions,
        draft=editing, old=old, new=new, changes=changes, refusal=refusal, drawings=drawings, file=file, look=look,
        words=WORDS, counts={path: sum(one.file == path for one in changes) for path in drawings},
    )  # fmt: skip


@blueprint.get("/diagram.json")
@policy(Verb.DEFINITION_READ)
def diagram(key: str) -> ResponseReturnValue:
    """One drawing of one side: ?side=&file= (the newest version, its first drawing); an empty text where that side has
    none of that name."""
    versions = definitions.versions(g.session, actor(), key)
    side = _side(key, versions, request.args.get("side") or str(versions[0].package.id))
    file = request.args.get("file") or min(path for path in side.files if path.endswith(".bpmn"))
    if not file.endswith(".bpmn"):
        raise NotFound
    return {"xml": side.files.get(file, b"").decode("utf-8", "replace")}


def look(change: Change) -> str:
    """How a change is shown: added, removed, moved, limit or changed."""
    return "limit" if change.kind == "limit" else LOOKS.get(change.kind, "changed")


def _sides(key: str, versions: list[Version], drafted: bool) -> tuple[Side, Side]:
    newest = versions[0].package
    if drafted:
        current = next((one.package for one in versions if one.current), newest)
        default = str(current.id), DRAFT
    else:
        default = str(versions[1].package.id if len(versions) > 1 else newest.id), str(newest.id)
    old = request.args.get("old") or default[0]
    new = request.args.get("new") or default[1]
    return _side(key, versions, old), _side(key, versions, new)


def _side(key: str, versions: list[Version], name: str) -> Side:
    if name == DRAFT:
        if drafting.look(g.session, actor(), key) is None:
            raise NotFound
        return Side(name, "草稿", drafting.files(g.session, actor(), key))
    package = next((one.package for one in versions if str(one.package.id) == name), None)
    if package is None:
        raise NotFound
    return Side(name, f"第{package.version}版", definitions.files(g.session, package.id))


def _changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[list[Change], str]:
    """Limits first, because they bind; and the sentence why two sides cannot be compared."""
    try:
        found = definitions.changes_between(old, new)
    except bpmn.Refused as refusal:
        return [], refusal.message
    return sorted(found, key=lambda change: change.kind != "limit"), ""


def _drawings(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> dict[str, str]:
    """The drawings of both sides: file → name."""
    names: dict[str, str] = {}
    for one in named_elements({**old, **new}, ".bpmn", "process"):
        names.setdefault(one["file"], one["label"])
    return {path: names.get(path, path) for path in sorted({*old, *new}) if path.endswith(".bpmn")}


def _first(changes: list[Change], drawings: Mapping[str, str]) -> str:
    changed = next((one.file for one in changes if one.file in drawings), "")
    return changed or next(iter(drawings), "")


@blueprint.app_template_global("compare_address")
def address(key: str, old: str | int, new: str | int) -> str:
    """The comparison of two versions; `new` may be `draft`."""
    return url_for("comparing.show", key=key, old=old, new=new)
