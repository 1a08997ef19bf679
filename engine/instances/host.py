"""What a diagram may reach during one act."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine import bpmn, catalogue
from engine.catalogue import facts
from engine.catalogue.act import Act
from engine.errors import Misconfigured


class Host:
    """What a diagram may reach during one act: the clock, facts of the case, named operations."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.functions: Mapping[str, Callable[..., Any]] = facts.functions(act)

    def now(self) -> datetime:
        """The moment of the act."""
        return self.act.now

    def fact(self, name: str, data: Mapping[str, Any]) -> Any:
        """A case fact; KeyError when there is none of that name."""
        self.act.look_at(data.get("item"))
        self.act.keep("measure", data.get("measure"))
        return facts.fact(self.act, name)

    def call(self, operation: str, arguments: Mapping[str, Any], token: bpmn.Token) -> Mapping[str, Any] | None:
        """Run a service of the catalogue at the element that names it."""
        service = catalogue.SERVICES.get(operation)
        if service is None:
            raise Misconfigured(f"“{token.name}”要执行的操作 {operation} 不存在，请管理员在流程图中改正。")
        self.act.look_at(token.data.get("item"))
        self.act.keep("measure", token.data.get("measure"))
        at_element = replace_place(self.act, token.process_id, token.element_id, token.name, token.extensions)
        try:
            result = service(at_element, **arguments)
        finally:
            merge_place(self.act, at_element)
        return result


def replace_place(act: Act, process_id: str, element_id: str, name: str, extensions: Mapping[str, Any]) -> Act:
    """The same act seen from another element; shares what it collects."""
    return replace(
        act, process_id=process_id, element_id=element_id, element_name=name, role=str(extensions.get("role", ""))
    )


def merge_place(act: Act, other: Act) -> None:
    """Carry back what an operation set on its view of the act."""
    act.recompute = other.recompute or act.recompute
    act.history = act.history or other.history
