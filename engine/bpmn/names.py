"""What an expression in a diagram can see, and the script engine handed to the library: every evaluation goes to our
own language, every service to the host; the library's own environment, which runs Python, is barred."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment

from engine.bpmn import expressions
from engine.bpmn.model import Host


def look_up(data: Mapping[str, Any], host: Host, extra: Mapping[str, Any] | None = None) -> Callable[[str], Any]:
    """A lookup of names: `extra`, then token data, then the host's facts; KeyError when there is none."""

    def find(name: str) -> Any:
        if extra is not None and name in extra:
            return extra[name]
        if name in data:
            return data[name]
        return host.fact(name, data)

    return find


class Barred(BasePythonScriptEngineEnvironment):
    """The place where the library would run Python: nothing of a diagram may reach it (design rule 8)."""

    def evaluate(self, expression: str, context: Any, external_context: Any = None) -> NoReturn:
        """Always refuses."""
        raise PermissionError("diagrams never run Python")

    def execute(self, script: str, context: Any, external_context: Any = None) -> NoReturn:
        """Always refuses."""
        raise PermissionError("diagrams never run Python")

    def call_service(self, context: Any, **kwargs: Any) -> NoReturn:
        """Always refuses."""
        raise PermissionError("diagrams never run Python")


class ScriptEngine(PythonScriptEngine):
    """The library's hook for expressions and scripts, bound to one host."""

    def __init__(self, host: Host) -> None:
        super().__init__(Barred())
        self.host = host

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:
        """The value of an expression of our language on the task's data."""
        return expressions.compile(expression).evaluate(look_up(task.data, self.host), self.host.functions)

    def decide(self, task: Any, condition: str) -> bool:
        """Whether a condition of our language holds on the task's data."""
        return expressions.compile(condition).decide(look_up(task.data, self.host), self.host.functions)

    def execute(self, task: Any, script: str, external_context: Any = None) -> dict[str, Any]:
        """The assignments of a script of our language on the task's data; nothing is changed."""
        return expressions.script(script).run(look_up(task.data, self.host), self.host.functions)

    def call_service(self, task: Any, **kwargs: Any) -> NoReturn:
        """Refuses: services are reached through the host only."""
        raise PermissionError("services are reached through the host only")
