"""The measures of 2010 against the diagrams of the package `opinion`: checked by lianxin:role, never by names: the
steps each article asks for, the ladder of article 10, the limits, the copies and the consent of article 11, and who
rates (article 12)."""

import ast
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from engine.bpmn import expressions
from engine.bpmn.findings import Finding
from engine.bpmn.guard import BPMN, LIANXIN
from engine.bpmn.outline import Diagram, Node, Scope, finding, local, text

PACKAGE = "opinion"
ROLES = frozenset(
    """
    registration ledger signature amendment report on_the_spot jurisdiction tier_review transit_target escalation
    referral answer limit reminder supervision_limit supervision recall extension_request extension_consent
    extension_dispute receipt_target plan_target extension feedback feedback_check feedback_return feedback_copy letter
    decline committee_instruction filing rating_reporter rating_delegate rating_department rating_consultation
    rating_redo consultation_invitation consultation consultation_measure measure_limit rating termination closing
    send_down return_to_studio merge
""".split()  # noqa: SIM905
)
ANSWER_DAYS = 10
EXTENDED_DAYS = 30
REQUIRED = {  # role: the article that asks for the step, and its words
    "registration": (9, "登记"), "signature": (9, "市党代表签名"), "report": (10, "报街道党工委组织部门"),
    "jurisdiction": (10, "根据管理权限"), "tier_review": (10, "各级受理"), "escalation": (10, "上报上一级"),
    "referral": (10, "转交有关部门办理"), "feedback": (11, "书面反馈"), "supervision": (12, "跟踪督办"),
    "ledger": (12, "登记在跟踪明细帐"), "rating": (12, "评定等级"), "rating_reporter": (12, "商基层党员群众评定"),
    "rating_delegate": (12, "商市党代表评定"),
}  # fmt: skip
TIERS = 3  # street, district, city: each reviews before the next one does (article 10)
RATING = frozenset(
    {"rating", "rating_reporter", "rating_delegate", "rating_department", "rating_consultation", "rating_redo"}
)
ANSWERING_POOL = "handling_unit"
COPIES = {"reporter": "反映人", "delegate": "市党代表", "studio": "党代表工作室"}

_RECEIVED = date(2026, 3, 2)
_OTHER = date(2001, 1, 1)
_ARTICLE = "《办法》第十一条"


def check(diagrams: list[Diagram]) -> Iterator[Finding]:
    """Findings on a whole package; the codes start with `article.`."""
    roles = _by_role(diagrams)
    for diagram, _, node in (place for places in roles.values() for place in places):
        if node.own("role") not in ROLES:
            yield finding(
                diagram.file,
                node.element,
                "article.role",
                f"不认识的角色“{node.own('role')}”（lianxin:role），请从列表里选。",
                "unknown lianxin:role",
            )
    if not diagrams:
        return
    if "answer" not in roles:
        yield _missing(
            diagrams[0], "article.11.answer", "没有“承办单位答复”环节（角色 answer）", "no step has the role 'answer'"
        )
    for diagram, scope, node in roles.get("answer", []):
        yield from _check_answer(diagram, scope, node)
    if "extension" in roles and "extension_consent" not in roles:
        diagram, _, node = roles["extension"][0]
        yield finding(
            diagram.file,
            node.element,
            "article.11.consent",
            f"延期须经市党代表同意（{_ARTICLE}），请画出征求同意的环节（角色 extension_consent）。",
            "an extension needs the delegate's consent (article 11): add a step with the role 'extension_consent'",
        )
    yield from _check_copies(diagrams, roles)
    yield from _check_required(diagrams, roles)
    yield from _check_tiers(diagrams)
    yield from _check_raters(roles)


Places = list[tuple[Diagram, Scope, Node]]


def _by_role(diagrams: list[Diagram]) -> dict[str, Places]:
    roles: dict[str, Places] = {}
    for diagram in diagrams:
        for scope, node in diagram.nodes():
            if node.own("role"):
                roles.setdefault(node.own("role") or "", []).append((diagram, scope, node))
    return roles


def _missing(diagram: Diagram, code: str, zh: str, en: str) -> Finding:
    where = diagram.processes[0].element if diagram.processes else diagram.root
    return finding(diagram.file, where, code, f"{zh}，{_ARTICLE}要求有，请补上。", f"{en} (article 11)")


def _check_answer(diagram: Diagram, scope: Scope, node: Node) -> Iterator[Finding]:
    limits = [event for event in _attached(scope, node) if event.own("role") == "limit" and "timer" in event.events]
    if not limits:
        yield finding(
            diagram.file,
            node.element,
            "article.11.limit",
            f"没有办理时限，{_ARTICLE}要求 {ANSWER_DAYS} 个工作日内答复，请贴一个定时边界事件（角色 limit）。",
            f"carries no limit: attach a timer boundary event with the role 'limit' ({ANSWER_DAYS} working days)",
        )
    only_extended = _needs_consent(scope, node)
    for event in limits:
        yield from _check_limit(diagram, event, only_extended)


def _attached(scope: Scope, node: Node) -> list[Node]:
    """The boundary events on a node and on the subprocesses around it."""
    found, current = list(node.attached), scope
    while current.parent is not None:
        found += current.parent.nodes[current.id].attached
        current = current.parent
    return found


def _check_limit(diagram: Diagram, event: Node, only_extended: bool) -> Iterator[Finding]:
    source = next(
        (
            text(child)
            for definition in event.element
            if local(definition) == "timerEventDefinition"
            for child in definition
            if text(child).strip()
        ),
        "",
    )
    said: set[str] = set()  # what was said of the limit before it was extended is not said again
    for extended, most in ((False, EXTENDED_DAYS if only_extended else ANSWER_DAYS), (True, EXTENDED_DAYS)):
        counted = _counted(source, extended)
        if (
            counted is None
        ):  # a name decides that is known only when the case runs: each way it may go must keep the law
            counted = [(_RECEIVED, days) for days in _possible(source, extended)]
            if not counted:
                continue
        if not counted:
            yield finding(
                diagram.file,
                event.element,
                "article.11.working_days",
                f"办理时限须按工作日计算（{_ARTICLE}），现为“{_short(source)}”，请写成 working_days(received_on, …)。",
                "the limit must count working days: working_days(received_on, …)",
            )
            return
        longest = max(days for _, days in counted)
        if longest > most:
            yield finding(
                diagram.file,
                event.element,
                "article.11.days",
                f"办理时限{'（已延期）' if extended else ''}为 {longest} 个工作日，超过 {most} 个工作日（{_ARTICLE}），"
                f"请改为不超过 {most}。",
                f"the limit{' after an extension' if extended else ''} exceeds {most} working days",
            )
        if any(start != _RECEIVED for start, _ in counted) and "start" not in said:
            said.add("start")
            yield finding(
                diagram.file,
                event.element,
                "article.11.start",
                f"办理时限须自收到来文之日起算（{_ARTICLE}），现为“{_short(source)}”，请从 received_on 起算。",
                "the limit must count from received_on",
            )


def _short(source: str) -> str:
    """A text as it is quoted in a sentence; different texts stay different, because exceptions hold for the words."""
    return " ".join(source.split())


def _counted(source: str, extended: bool) -> list[tuple[date, int | float]] | None:
    """The working days the expression counts, with their first day, at the law's own parameters; None when it uses
    names whose values are not known here."""
    counted: list[tuple[date, int | float]] = []

    def working_days(start: date, days: int = ANSWER_DAYS) -> date:
        counted.append((start, days))
        return start + timedelta(days=days)

    names: Mapping[str, Any] = {
        "received_on": _RECEIVED,
        "extended": extended,
        "answer_limit": ANSWER_DAYS,
        "extended_answer_limit": EXTENDED_DAYS,
        "arrived_on": _OTHER,
        "entered_at": _OTHER,
    }
    functions: Mapping[str, Callable[..., Any]] = {
        "working_days": working_days,
        "at": lambda day, *_: day,
        "today": lambda: _OTHER,
    }
    try:
        expressions.compile(source).evaluate(names, functions)
    except expressions.ExpressionError:
        return None if not expressions.check(source, None) else []
    return counted


def _possible(source: str, extended: bool) -> list[int]:
    """The days written in any branch of a limit's working_days, whatever the conditions on unknown names say."""

    def days(node: ast.expr) -> Iterator[int]:
        if isinstance(node, ast.IfExp):
            known = isinstance(node.test, ast.Name) and node.test.id == "extended"
            ways = [node.body if extended else node.orelse] if known else [node.body, node.orelse]
            for way in ways:
                yield from days(way)
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            yield node.value
        elif isinstance(node, ast.Name) and node.id in ("answer_limit", "extended_answer_limit"):
            yield ANSWER_DAYS if node.id == "answer_limit" else EXTENDED_DAYS

    try:
        calls = [node for node in ast.walk(ast.parse(source.strip(), mode="eval")) if isinstance(node, ast.Call)]
    except SyntaxError:
        return []
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "working_days"]
    return [found for call in named for argument in call.args[1:2] for found in days(argument)]


def _needs_consent(scope: Scope, node: Node) -> bool:
    """Whether every way to the node inside its scope passes a step with the role extension_consent."""
    stack = [start for start in scope.nodes.values() if start.kind == "startEvent"]
    seen: set[str] = set()
    while stack:
        current = stack.pop()
        if current.id in seen or current.own("role") == "extension_consent":
            continue
        seen.add(current.id)
        stack += [scope.nodes[flow.target] for flow in current.leaving] + current.attached
    return node.id not in seen


def _check_copies(diagrams: list[Diagram], roles: Mapping[str, Places]) -> Iterator[Finding]:
    copied = {_argument(node, "to") for _, _, node in roles.get("feedback_copy", [])}
    for key, word in COPIES.items():
        if key not in copied:
            yield _missing(
                diagrams[0],
                "article.11.copy",
                f'没有把书面反馈抄送{word}的环节（角色 feedback_copy，参数 to = "{key}"）',
                f"no step with the role 'feedback_copy' copies the feedback to the {key}",
            )


def _check_required(diagrams: list[Diagram], roles: Mapping[str, Places]) -> Iterator[Finding]:
    for role, (article, words) in REQUIRED.items():
        if role not in roles:
            where = diagrams[0].processes[0].element if diagrams[0].processes else diagrams[0].root
            yield finding(
                diagrams[0].file,
                where,
                f"article.{article}.role",
                f"没有“{words}”的环节（角色 {role}），《办法》第{_NUMBERS[article]}条要求有，请补上。",
                f"no step has the role '{role}' (article {article})",
            )


_NUMBERS = {9: "九", 10: "十", 11: "十一", 12: "十二"}


def _check_tiers(diagrams: list[Diagram]) -> Iterator[Finding]:
    """An opinion climbs tier by tier: in the process where it is reported upward, the third review lies behind the
    second and the second behind the first, on every way (what the committee sends back down is no rung)."""
    for diagram in diagrams:
        for scope in diagram.processes:
            orders = [node for node in scope.nodes.values() if node.own("role") == "committee_instruction"]
            reviews = [
                node for node in scope.nodes.values()
                if node.own("role") == "tier_review" and not any(_behind(scope, node, order) for order in orders)
            ]  # fmt: skip
            if not any(node.own("role") == "report" for node in scope.nodes.values()) or not reviews:
                continue
            passed = {node.id: sum(other is not node and _behind(scope, node, other) for other in reviews)
                      for node in reviews}  # fmt: skip
            if max(passed.values()) < TIERS - 1:
                last = max(reviews, key=lambda node: passed[node.id])
                yield finding(
                    diagram.file,
                    last.element,
                    "article.10.tier",
                    "《办法》第十条规定由街道、区、市逐级受理，这里最多只经过"
                    f" {max(passed.values()) + 1} 级，有一级可以越过，请让每一级受理都在上一级之后。",
                    "a tier can be skipped: street, district and city review one after the other (article 10)",
                )


def _behind(scope: Scope, node: Node, gate: Node) -> bool:
    """Whether every way to the node passes the gate."""
    seen, stack = {gate.id}, scope.starts()
    while stack:
        current = stack.pop()
        if current.id not in seen:
            seen.add(current.id)
            stack += [scope.nodes[flow.target] for flow in current.leaving] + current.attached
    return node.id not in seen


def _check_raters(roles: Mapping[str, Places]) -> Iterator[Finding]:
    for role in sorted(RATING & roles.keys()):
        for diagram, _, node in roles[role]:
            if (node.own("pool") or "") == ANSWERING_POOL:
                yield finding(
                    diagram.file,
                    node.element,
                    "article.12.self",
                    "承办单位不能给自己评定等级，《办法》第十二条规定由街道组织部门商市党代表和群众评定，请改办理人范围。",
                    "the handling unit must not rate itself (article 12)",
                )


def _argument(node: Node, name: str) -> Any:
    for argument in node.element.iterfind(f"{{{BPMN}}}extensionElements/{{{LIANXIN}}}argument"):
        if argument.get("name") == name and not expressions.check(argument.get("value", ""), None):
            return expressions.compile(argument.get("value", "")).constant()
    return None
