"""A small hand to write diagrams with, and a host to run them against."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from engine.bpmn import BpmnError, Package, Token, compile_package

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:lianxin="urn:lianxin:bpmn" '
    'id="definitions" targetNamespace="urn:test">'
)


class Day(date):
    """A date that says how it was counted."""

    basis: dict[str, Any]


class Desk:
    """A host with a clock one can set, facts, and operations that only keep a list of their calls."""

    def __init__(self, **facts: Any) -> None:
        self.time = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
        self.facts: dict[str, Any] = facts
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, str | Mapping[str, Any] | Callable[[Token], Mapping[str, Any]]] = {}
        self.functions: dict[str, Callable[..., Any]] = {"days": self.days, "day": date.fromisoformat}

    def now(self) -> datetime:
        return self.time

    def days(self, start: date, count: int) -> date:
        day = start + timedelta(days=count)
        counted = Day(day.year, day.month, day.day)
        counted.basis = {"start": start.isoformat(), "days": count}
        return counted

    def fact(self, name: str, data: Mapping[str, Any]) -> Any:
        return self.facts[name]

    def call(self, operation: str, arguments: Mapping[str, Any], token: Token) -> Mapping[str, Any] | None:
        self.calls.append((operation, dict(arguments)))
        answer = self.answers.get(operation)
        if isinstance(answer, str):
            raise BpmnError(answer)
        return answer(token) if callable(answer) else answer


def process(key: str, *items: str) -> str:
    """A process of these items."""
    return f'<bpmn:process id="{key}" isExecutable="true">{"".join(items)}</bpmn:process>'


def node(kind: str, key: str, body: str = "", **attributes: Any) -> str:
    """A flow node; attributes starting with x_ are ours."""
    written = "".join(
        f" {name.replace('x_', 'lianxin:', 1) if name.startswith('x_') else name}={quoteattr(str(value))}"
        for name, value in attributes.items()
    )
    return f'<bpmn:{kind} id="{key}"{written}>{body}</bpmn:{kind}>'


def start(key: str = "start") -> str:
    return node("startEvent", key)


def end(key: str = "end", body: str = "") -> str:
    return node("endEvent", key, body)


def user(key: str, **attributes: Any) -> str:
    return node("userTask", key, **{"name": key, **attributes})


def service(key: str, operation: str, **arguments: str) -> str:
    written = "".join(
        f'<lianxin:argument name="{name}" value={quoteattr(value)}/>' for name, value in arguments.items()
    )
    body = f"<bpmn:extensionElements>{written}</bpmn:extensionElements>" if written else ""
    return node("serviceTask", key, body, name=key, x_operation=operation)


def call(key: str, process_id: str) -> str:
    return node("callActivity", key, name=key, calledElement=process_id)


def subprocess(key: str, *items: str) -> str:
    return node("subProcess", key, "".join(items), name=key)


def timer(kind: str, text: str) -> str:
    value = f"<bpmn:{kind}>{escape(text)}</bpmn:{kind}>"
    return f"<bpmn:timerEventDefinition>{value}</bpmn:timerEventDefinition>"


def message(name: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="message_{name}"/>'


def signal(name: str) -> str:
    return f'<bpmn:signalEventDefinition signalRef="signal_{name}"/>'


def error(code: str = "") -> str:
    return f'<bpmn:errorEventDefinition errorRef="error_{code}"/>' if code else "<bpmn:errorEventDefinition/>"


TERMINATE = "<bpmn:terminateEventDefinition/>"


def boundary(key: str, host: str, body: str, interrupting: bool = True) -> str:
    return node("boundaryEvent", key, body, name=key, attachedToRef=host, cancelActivity=str(interrupting).lower())


def catch(key: str, body: str) -> str:
    return node("intermediateCatchEvent", key, body)


def flows(*paths: str, **conditions: str) -> str:
    """Sequence flows along paths like 'a b c'; `conditions` by 'source__target'."""
    written = []
    for line in paths:
        for source, target in pairwise(line.split()):
            key = f"{source}__{target}"
            text = conditions.get(key)
            body = "" if text is None else f"<bpmn:conditionExpression>{escape(text)}</bpmn:conditionExpression>"
            ends = f'sourceRef="{source}" targetRef="{target}"'
            written.append(f'<bpmn:sequenceFlow id="f_{key}" {ends}>{body}</bpmn:sequenceFlow>')
    return "".join(written)


def document(*processes: str, messages: str = "", signals: str = "", errors: str = "") -> bytes:
    """A .bpmn file of these processes, defining these messages, signals and errors (names separated by spaces)."""
    defined = "".join(f'<bpmn:message id="message_{name}" name="{name}"/>' for name in messages.split())
    defined += "".join(f'<bpmn:signal id="signal_{name}" name="{name}"/>' for name in signals.split())
    defined += "".join(f'<bpmn:error id="error_{name}" name="{name}" errorCode="{name}"/>' for name in errors.split())
    return f"{HEAD}{defined}{''.join(processes)}</bpmn:definitions>".encode()


def package(*processes: str, messages: str = "", signals: str = "", errors: str = "", **tables: bytes) -> Package:
    """A compiled package, one file for each process (and decision table)."""
    files = {
        f"test{number}.bpmn": document(one, messages=messages, signals=signals, errors=errors)
        for number, one in enumerate(processes)
    }
    return compile_package(files | {f"{name}.dmn": table for name, table in tables.items()})
