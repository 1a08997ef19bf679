"""What is wrong with a diagram, where, and what to do: the one shape in which every room of engine/bpmn reports."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.errors import LianxinError

Severity = Literal["error", "warning"]
SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """One remark on one element of one file; `line` and `column` count from 1 (in the file, or in the expression
    when the code starts with `expression.`)."""

    code: str
    severity: Severity
    file: str
    element: str
    message: str
    message_en: str
    line: int | None = None
    column: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form for the editor and the audit trail."""
        return asdict(self)


class Refused(LianxinError):
    """流程图不能使用：{reason}"""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: list[Finding] = list(findings)
        super().__init__(reason=_summary(self.findings))


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Only the findings that forbid deployment."""
    return [finding for finding in findings if finding.severity == "error"]


def _summary(findings: list[Finding]) -> str:
    worst = errors(findings) or findings
    text = " ".join(f"〔{finding.file}〕{finding.message}" for finding in worst[:SHOWN])
    return text if len(worst) <= SHOWN else f"{text} 另有 {len(worst) - SHOWN} 处问题。"
