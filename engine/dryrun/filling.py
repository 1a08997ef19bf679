"""The forms of a walk: what they start with, and the choices of their fields, organisations by code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine import clock, forms, tasks
from engine.dryrun import acting, finding
from engine.dryrun.playing import Play, opened
from engine.errors import NotFound
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation


@dataclass(frozen=True)
class Sheet:
    """A form to be filled in the sandbox: what it starts with, and the choices of its fields, organisations by code."""

    form: forms.Form | None
    values: Mapping[str, Any]
    choices: Mapping[str, Sequence[tuple[str, str]]]


def registration(play: Play) -> Sheet:
    """The registration form of the files, filled as an ordinary opinion; NotFound when they have none."""
    form = _form(play, "registration")
    values = dict(acting.ORDINARY) | {"reflected_on": clock.local(play.now).date().isoformat(), "delegate_id": "@"}
    return Sheet(form, values, {"delegates": [("@", "党代表（推演用）")]})


def _form(play: Play, name: str) -> forms.Form:
    found = play.stage.laid.files.get(f"forms/{name}.json")
    if found is None:
        raise NotFound
    return forms.load(found)


def sheet(play: Play, key: str) -> Sheet:
    """The form of an open task, as whoever may do it would see it; NotFound when it does not wait."""
    element, _, which = key.partition("~")
    with opened(play) as session:
        waiting = [task for task in finding.open_tasks(session) if task.element_id == element]
        task = next((task for task in waiting if not which or finding.of(session, task) == which), None)
        people = finding.entitled(session, task) if task else []
        if task is None or not people:
            raise NotFound
        view = tasks.load(session, organisation.actor(session, people[0].id), task.id)
        codes = {str(row.id): f"@{row.code}" for row in session.scalars(select(Organisation))}
        sources = {field.source: field.name for field in forms.fields(view.form) if field.source} if view.form else {}
        choices = {
            source: [(codes.get(value, value) if source == "units" else value, label)
                     for value, label in tasks.options(session, source, view.case, task)]
            for source in sources
        }  # fmt: skip
        values = {name: codes.get(str(value), value) if name == sources.get("units") else value
                  for name, value in view.values.items()}  # fmt: skip
        return Sheet(view.form, values, choices)


def extra_sheet(play: Play, name: str) -> Sheet:
    """A form beside the tasks: 申请延期 or 终止."""
    return Sheet(_form(play, name), {}, {})
