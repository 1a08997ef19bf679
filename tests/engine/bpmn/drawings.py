"""Small diagrams for tests, written as short as they can be."""

from itertools import pairwise

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:lianxin="urn:lianxin:bpmn" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="defs" targetNamespace="urn:test">'
)


def bpmn(*parts: str, process: str = "p", before: str = "") -> bytes:
    """A file with one process made of these elements."""
    return f'{HEAD}{before}<process id="{process}">{"".join(parts)}</process></definitions>'.encode()


def flow(source: str, target: str, condition: str = "", identity: str = "") -> str:
    """A sequence flow, named source_target unless said."""
    inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
    name = identity or f"{source}_{target}"
    return f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'


def line(*steps: str) -> str:
    """Flows along a row of ids."""
    return "".join(flow(first, then) for first, then in pairwise(steps))


START, END, TASK = '<startEvent id="s"/>', '<endEvent id="e"/>', '<userTask id="t" name="答复"/>'


def around(step: str, *more: str, identity: str = "t", before: str = "") -> bytes:
    """Start → this one step → end, and whatever else."""
    return bpmn(START, step, END, line("s", identity, "e"), *more, before=before)


def timer(value: str, kind: str = "timeDate", attributes: str = "") -> bytes:
    """A user task with a timer on its edge."""
    time = f"<{kind}>{value}</{kind}>" if value else ""
    definition = f"<timerEventDefinition>{time}</timerEventDefinition>"
    event = f'<boundaryEvent id="b" attachedToRef="t" {attributes}>{definition}</boundaryEvent>'
    return around(TASK, event, flow("b", "e"))


def dmn(*rules: str, policy: str = "UNIQUE", source: str = "tier") -> bytes:
    """A decision table `d` with one input and one output `unit`; a rule is 'input cell|output cell'."""
    rows = "".join(
        "<rule><inputEntry><text>{}</text></inputEntry><outputEntry><text>{}</text></outputEntry></rule>".format(
            *rule.replace("<", "&lt;").split("|")
        )
        for rule in rules
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="defs" namespace="urn:test">'
        f'<decision id="d" name="管辖"><decisionTable hitPolicy="{policy}">'
        f"<input><inputExpression><text>{source}</text></inputExpression></input>"
        f'<output name="unit"/>{rows}</decisionTable></decision></definitions>'
    ).encode()


def argument(name: str, value: str) -> str:
    """One argument of an operation."""
    return f'<extensionElements><lianxin:argument name="{name}" value="{value}"/></extensionElements>'
