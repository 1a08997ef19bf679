"""The four diagrams of the factory edition: what they carry, and that a person can read them."""

from collections import Counter

import pytest

from engine.bpmn.articles import ROLES
from engine.catalogue import OPERATIONS, POOLS, SERVICES, SUBMISSIONS
from tests.processes.factory import DIAGRAMS, FOLDER, NS, OURS, form, package, tree

ACTS = {"userTask", "serviceTask", "sendTask", "businessRuleTask", "callActivity", "boundaryEvent"}
STATES = {
    "awaiting_signature", "awaiting_report", "awaiting_referral", "handling", "awaiting_check", "delivering", "answered",
    "awaiting_rating", "rating_disagreed",
}  # fmt: skip
# what runs beside the handling and says nothing of where the case stands
BESIDE = ("extension_consent", "extension_dispute", "supervision", "consultation", "consultation_measure")
Box = tuple[float, float, float, float]


def local(element) -> str:
    return element.tag.split("}")[1]


def nodes(name: str) -> list:
    """Every flow node, those of the embedded subprocess included."""
    wanted = ACTS | {"startEvent", "endEvent", "exclusiveGateway", "parallelGateway", "subProcess", "receiveTask"}
    return [element for element in tree(name).iter() if isinstance(element.tag, str) and local(element) in wanted]


def of_kind(kind: str) -> list:
    return [
        pytest.param(name, node, id=node.get("id")) for name in DIAGRAMS for node in nodes(name) if local(node) == kind
    ]


def own(node, name: str) -> str | None:
    return node.get(OURS + name)


def test_the_engine_accepts_the_package():
    assert set(package().processes) == set(DIAGRAMS)


def test_every_role_of_the_closed_list_appears():
    used = {own(node, "role") for name in DIAGRAMS for node in nodes(name)} - {None}
    assert used == set(ROLES)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_every_step_names_its_article_and_quotes_the_measures(name):
    for node in nodes(name):
        if local(node) in ACTS or own(node, "role"):
            assert own(node, "article"), node.get("id")
            text = node.findtext("b:documentation", namespaces=NS) or ""
            assert "「" in text or "办法未规定" in text or "编号" in text, node.get("id")
            assert own(node, "role"), node.get("id")


@pytest.mark.parametrize("name", DIAGRAMS)
def test_gateways_and_the_period_carry_no_role(name):
    for node in nodes(name):
        if local(node).endswith("Gateway"):
            assert own(node, "role") is None


@pytest.mark.parametrize(("name", "node"), of_kind("userTask"))
def test_user_tasks_name_pool_form_and_operation(name, node):
    assert own(node, "pool") in POOLS
    assert own(node, "operation") in SUBMISSIONS
    assert form(own(node, "form")).fields
    if own(node, "role") not in BESIDE:
        assert own(node, "state") in STATES


@pytest.mark.parametrize(("name", "node"), of_kind("serviceTask") + of_kind("sendTask"))
def test_automatic_steps_call_a_known_operation(name, node):
    assert own(node, "operation") in SERVICES


def test_every_operation_of_the_catalogue_is_drawn():
    drawn = {own(node, "operation") for name in DIAGRAMS for node in nodes(name)} - {None}
    assert drawn == set(OPERATIONS)


def test_what_may_be_taken_back():
    withdrawable = {node.get("id") for name in DIAGRAMS for node in nodes(name) if own(node, "withdrawable") == "true"}
    assert withdrawable == {"report", "review", "answer", "feedback_check"}


@pytest.mark.parametrize(("name", "node"), of_kind("exclusiveGateway"))
def test_a_choice_is_a_question_with_labelled_ways_and_a_default(name, node):
    flows = [flow for flow in tree(name).iter(f"{{{NS['b']}}}sequenceFlow") if flow.get("sourceRef") == node.get("id")]
    if len(flows) == 1:
        return
    assert node.get("name", "").endswith("？")
    assert all(flow.get("name") for flow in flows)
    conditional = [flow for flow in flows if flow.find("b:conditionExpression", NS) is not None]
    assert node.get("default") in {flow.get("id") for flow in flows}
    assert len(conditional) == len(flows) - 1


# ------------------------------------------------------------------ the drawing


def boxes(name: str) -> dict[str, Box]:
    found = {}
    for shape in tree(name).iterfind(".//di:BPMNShape", {"di": "http://www.omg.org/spec/BPMN/20100524/DI"}):
        found[shape.get("bpmnElement")] = bounds(shape)
    return found


def bounds(shape) -> Box:
    box = shape.find("dc:Bounds", NS)
    x, y, width, height = (float(box.get(key)) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def inside(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def ways(name: str) -> dict[str, list[tuple[float, float]]]:
    edges = tree(name).iterfind(".//{http://www.omg.org/spec/BPMN/20100524/DI}BPMNEdge")
    return {
        edge.get("bpmnElement"): [(float(p.get("x")), float(p.get("y"))) for p in edge.iterfind("way:waypoint", NS)]
        for edge in edges
    }


def legs(points):
    """The straight pieces of a flow."""
    return list(zip(points, points[1:], strict=False))


@pytest.mark.parametrize("name", DIAGRAMS)
def test_everything_is_drawn(name):
    drawn = boxes(name)
    ids = Counter(element.get("id") for element in tree(name).iter() if element.get("id"))
    assert all(count == 1 for count in ids.values())
    assert {node.get("id") for node in nodes(name)} <= set(drawn)
    flows = {
        flow.get("id") for kind in ("sequenceFlow", "association") for flow in tree(name).iter(f"{{{NS['b']}}}{kind}")
    }
    assert flows == set(ways(name))


@pytest.mark.parametrize("name", DIAGRAMS)
def test_shapes_do_not_overlap(name):
    drawn = boxes(name)
    hosts = {node.get("id"): node.get("attachedToRef") for node in nodes(name)}
    containers = {node.get("id") for node in nodes(name) if local(node) == "subProcess"}
    notes = {note.get("id") for note in tree(name).iter(f"{{{NS['b']}}}textAnnotation")}
    flat = sorted((set(hosts) | notes) - containers)
    for position, one in enumerate(flat):
        for other in flat[position + 1 :]:
            attached = hosts.get(one) == other or hosts.get(other) == one
            assert attached or not overlap(drawn[one], drawn[other]), (one, other)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_lanes_hold_their_steps_and_nothing_is_outside(name):
    drawn = boxes(name)
    listed = []
    for lane in tree(name).iter(f"{{{NS['b']}}}lane"):
        assert inside(drawn[lane.get("id")], drawn[f"{name}_pool"])
        for reference in lane.iterfind("b:flowNodeRef", NS):
            listed.append(reference.text)
            assert inside(drawn[reference.text], drawn[lane.get("id")]), reference.text
    top = [node.get("id") for node in nodes(name) if local(node.getparent()) == "process"]
    assert sorted(listed) == sorted(top)
    for node in nodes(name):
        if local(node.getparent()) == "subProcess":
            assert inside(drawn[node.get("id")], drawn[node.getparent().get("id")])


@pytest.mark.parametrize("name", DIAGRAMS)
def test_flows_are_straight_touch_their_ends_and_pass_through_nothing(name):
    drawn, drawing = boxes(name), ways(name)
    containers = {node.get("id") for node in nodes(name) if local(node) == "subProcess"}
    for flow in tree(name).iter(f"{{{NS['b']}}}sequenceFlow"):
        points = drawing[flow.get("id")]
        assert len(points) >= 2
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in legs(points)), flow.get("id")
        for end, point in ((flow.get("sourceRef"), points[0]), (flow.get("targetRef"), points[-1])):
            left, top, right, bottom = drawn[end]
            assert left <= point[0] <= right and top <= point[1] <= bottom, flow.get("id")
            assert point[0] in (left, right) or point[1] in (top, bottom), flow.get("id")
        for node in nodes(name):
            box = drawn[node.get("id")]
            if node.get("id") not in (flow.get("sourceRef"), flow.get("targetRef"), *containers):
                shrunk = (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1)
                attached = node.get("attachedToRef") in (flow.get("sourceRef"), flow.get("targetRef"))
                assert attached or not any(overlap(leg_box(leg), shrunk) for leg in legs(points)), (
                    flow.get("id"),
                    node.get("id"),
                )


def leg_box(leg) -> Box:
    (x1, y1), (x2, y2) = leg
    return min(x1, x2) - 0.5, min(y1, y2) - 0.5, max(x1, x2) + 0.5, max(y1, y2) + 0.5


@pytest.mark.parametrize("name", DIAGRAMS)
def test_flows_do_not_cross(name):
    drawing = ways(name)
    flows = list(tree(name).iter(f"{{{NS['b']}}}sequenceFlow"))
    for position, one in enumerate(flows):
        for other in flows[position + 1 :]:
            joined = {one.get("sourceRef"), one.get("targetRef")} & {other.get("sourceRef"), other.get("targetRef")}
            if not joined:
                crossing = [
                    (a, b)
                    for a in legs(drawing[one.get("id")])
                    for b in legs(drawing[other.get("id")])
                    if overlap(leg_box(a), leg_box(b))
                ]
                assert not crossing, (one.get("id"), other.get("id"))


@pytest.mark.parametrize("name", DIAGRAMS)
def test_labels_are_free_of_steps(name):
    drawn = boxes(name)
    containers = {node.get("id") for node in nodes(name) if local(node) == "subProcess"}
    labels = [
        (label.getparent().get("bpmnElement"), bounds(label)) for label in tree(name).iterfind(".//di:BPMNLabel", NS)
    ]
    for owner, label in labels:
        for node in nodes(name):
            if node.get("id") not in (owner, *containers):
                assert not overlap(label, drawn[node.get("id")]), (owner, node.get("id"))
    for position, (owner, label) in enumerate(labels):
        for other, box in labels[position + 1 :]:
            assert not overlap(label, box), (owner, other)


def test_every_limit_is_readable_in_the_drawing():
    """Each parameter a timer names stands in a text annotation of the same diagram."""
    for name in DIAGRAMS:
        notes = " ".join(
            note.findtext("b:text", namespaces=NS) for note in tree(name).iter(f"{{{NS['b']}}}textAnnotation")
        )
        for timer in tree(name).iter(f"{{{NS['b']}}}timeDate"):
            for parameter in (
                "transit_target",
                "first_reminder",
                "second_reminder",
                "answer_limit",
                "second_supervision",
                "third_supervision",
            ):
                if parameter in timer.text:
                    assert parameter in notes, (name, parameter)


def test_the_folder_holds_no_program():
    assert not list(FOLDER.rglob("*.py"))
