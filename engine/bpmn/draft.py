"""Drafts: a diagram somebody is still drawing, or brought from elsewhere, runs by hand where it names nothing to run.

In a draft a service, send, rule or script step without anything we can execute, and a call of a process that is not
there, is a step a person ticks off, and at a gateway whose conditions are missing a person chooses; the rules of the
procedure and everything of other engines are warnings. Nothing of this is deployable: publishing checks strictly."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from engine.bpmn.findings import Finding

# What a draft forgives, by finding code; a prefix ends with a dot.
FORGIVEN = (
    "article.",
    "call.target",
    "condition.language",
    "condition.missing",
    "decision.missing",
    "decision.unknown",
    "event.reference",
    "explore.",
    "extension.",
    "file.import",
    "form.",
    "gateway.no_default",
    "id.invalid",
    "id.long",
    "lane.",
    "loop.maximum",
    "name.long",
    "operation.missing",
    "script.",
    "task.",
    "unsupported.global",
)


def soften(findings: Iterable[Finding]) -> list[Finding]:
    """The findings as a draft has them: what it forgives is a warning."""
    return [replace(item, severity="warning") if item.code.startswith(FORGIVEN) else item for item in findings]


def by_hand(
    kind: str, operation: str | None, decision: str | None, language: str, called: str, known: Collection[str]
) -> bool:
    """Whether a draft lets a person do this step: it names nothing that can be executed. `known` are the decisions and
    processes of the package."""
    if kind in ("serviceTask", "sendTask"):
        return not (operation or "").strip()
    if kind == "businessRuleTask":
        return decision not in known
    if kind == "scriptTask":
        return language.strip().lower() != "lianxin"
    return kind == "callActivity" and called not in known


def chosen_by_hand(kind: str, arriving: int, default: str | None, conditions: Mapping[str, bool]) -> bool:
    """Whether a draft asks a person which way to go (completing with `way`: a flow's id or name, or a list of them):
    a split with ways that have no condition. `conditions` tells for every way out whether it has one. An inclusive
    join is never asked: its ways without a condition are always taken."""
    if kind != "exclusiveGateway" and (kind != "inclusiveGateway" or arriving > 1):
        return False
    return len(conditions) > 1 and any(not given for flow, given in conditions.items() if flow != default)
