"""The factory edition on disk, read once for the tests of this folder."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from engine import bpmn, forms

FOLDER = Path(__file__).parents[2] / "processes" / "opinion"
DIAGRAMS = ("opinion", "tier_review", "sub_item", "merged", "handling", "rating", "consultation", "measure")
NS = {
    "b": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "way": "http://www.omg.org/spec/DD/20100524/DI",
}
OURS = "{urn:lianxin:bpmn}"
FUNCTIONS = ("working_days", "at", "today", "days")


@cache
def tree(name: str) -> Any:
    """The XML of one diagram."""
    return etree.parse(FOLDER / f"{name}.bpmn").getroot()


@cache
def form(name: str) -> forms.Form:
    """One form, loaded."""
    return forms.load((FOLDER / "forms" / f"{name}.json").read_bytes())


@cache
def package() -> bpmn.Package:
    """The whole package, compiled by the engine; Refused when it must not be published."""
    files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in (".bpmn", ".dmn")}
    return bpmn.compile_package(files, functions=FUNCTIONS)


class Office:
    """A host that plays a whole office: it remembers what was called, and answers as the catalogue would. Days count
    as working days; the clock stands where it is put."""

    def __init__(self, **facts: Any) -> None:
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any]] = {
            "case.escalate": {"outcome": "escalated"},
            "case.file": {"outcome": "filed"},
            "handling.open": {"outcome": ""},
            "handling.open_items": {"items": [1, 2], "outcome": ""},
            "case.send_down": {"outcome": "sent_down"},
            "case.return_to_studio": {"outcome": "returned_to_studio"},
            "case.separate": {"outcome": "separated"},
            "case.adopt": {"outcome": "adopted"},
            "handling.decline": {"outcome": "declined"},
            "handling.close": {"outcome": "answered"},
            "rating.conclude": {"redo": False},
            "feedback.copy": {"letter_needed": False},
        }
        self.moment = datetime(2026, 3, 2, 1, tzinfo=UTC)
        self.facts = {
            "received_on": date(2026, 3, 2), "arrived_on": date(2026, 3, 2), "extended": False, "answer_limit": 10,
            "extended_answer_limit": 30, "transit_target": 3, "first_reminder": 3, "second_reminder": 1,
            "second_supervision": 5, "third_supervision": 10, "tier": "street", "matter": "environment", "anonymous": False, "reported": False,
            "measure_due_on": date(2026, 3, 31),
            "sign_target": 1, "plan_target": 3,
        } | facts  # fmt: skip
        self.functions = {
            "working_days": lambda day, count: day + timedelta(days=count),
            "at": lambda day, clock: datetime.combine(day, time.fromisoformat(clock), UTC),
            "today": self.today,
            "days": lambda count: timedelta(days=count),
        }

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.moment.date()

    def fact(self, name: str, data: Any) -> Any:
        return self.facts[name]

    def call(self, operation: str, arguments: Any, token: Any) -> dict[str, Any] | None:
        self.called.append((operation, dict(arguments)))
        return self.answers.get(operation)

    def operations(self) -> list[str]:
        """The names of what was called, in order."""
        return [name for name, _ in self.called]


class Case:
    """One running opinion; people are named by the element they work on."""

    def __init__(self, process: str = "opinion", settlement: str = "street", **facts: Any) -> None:
        self.office = Office(**facts)
        self.run = bpmn.start(package(), process, {"settlement": settlement}, self.office)

    def open(self) -> set[str]:
        """The ids of the open user tasks."""
        return {task.element_id for task in self.run.tasks()}

    def do(self, element: str, **data: Any) -> "Case":
        """Complete the one open task of this element; the state goes through its stored form each time."""
        (task,) = [task for task in self.run.tasks() if task.element_id == element]
        self.run.complete(task.token, data)
        self.run = bpmn.restore(package(), self.run.dump(), self.office)
        return self

    def wait_for(self, element: str) -> "Case":
        """Move the clock to this timer and let it fire."""
        (timer,) = [timer for timer in self.run.timers() if timer.element_id == element]
        self.office.moment = max(self.office.moment, timer.due_at)
        self.run.fire(timer.token)
        return self
