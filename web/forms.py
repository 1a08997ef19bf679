"""A form ready for the macros of templates/components/form.html: the schema's fields with what was typed, the choices
and the sentences about wrong fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import g

from engine import forms, tasks
from engine.cases.models import Case
from engine.errors import Invalid
from engine.work.models import Task

Choices = Callable[[str], Sequence[tuple[str, str]]]


def no_choices(_source: str) -> Sequence[tuple[str, str]]:
    """For forms whose fields list their own options."""
    return ()


@dataclass(frozen=True)
class FilledField:
    """One field on screen; `show_when` holds "name=value|value" conditions for the browser."""

    field: forms.Field
    value: str
    wrong: str
    options: Sequence[tuple[str, str]]
    show_when: Sequence[str]

    @property
    def id(self) -> str:
        """The id of its control in the page."""
        return f"f-{self.field.name}"


@dataclass(frozen=True)
class Filled:
    """A form with values; `refusal` is why it was not taken."""

    form: forms.Form
    values: Mapping[str, Any]
    refusal: Invalid | None = None
    choices: Choices = field(default=no_choices)

    @property
    def fields(self) -> list[FilledField]:
        """The fields in the order of the schema."""
        return [self._filled(item) for item in forms.fields(self.form)]

    @property
    def wrong(self) -> list[FilledField]:
        """The fields somebody has to look at."""
        return [item for item in self.fields if item.wrong]

    @property
    def message(self) -> str:
        """The sentence above the form, "" when nothing was refused."""
        return self.refusal.message if self.refusal else ""

    def _filled(self, item: forms.Field) -> FilledField:
        value = self.values.get(item.name, item.initial)
        own = [(option.value, option.label) for option in item.options]
        return FilledField(
            field=item,
            value="" if value is None else str(value),
            wrong=self.refusal.errors.get(item.name, "") if self.refusal else "",
            options=own or (self.choices(item.source) if item.source else ()),
            show_when=[f"{name}={'|'.join(values)}" for name, values in item.show_when.items()],
        )


def filled(
    view: tasks.TaskView, typed: Mapping[str, str] | None = None, refusal: Invalid | None = None
) -> Filled | None:
    """The form of a task: as it starts, or as it came back with what was typed. None for a task without a form."""
    if view.form is None:
        return None
    return Filled(view.form, view.values if typed is None else typed, refusal, choices_of(view.case, view.task))


def choices_of(case: Case, task: Task | None = None) -> Choices:
    """Where the options of units and delegates come from for this case."""
    return lambda source: tasks.options(g.session, source, case, task)
