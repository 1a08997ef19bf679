"""The measures of 2010, defended against the diagrams of the opinion procedure."""

import re
from collections.abc import Collection
from pathlib import Path

import pytest

from engine.bpmn import lint
from engine.bpmn.articles import REQUIRED
from engine.bpmn.findings import Finding, errors
from tests.engine.bpmn.drawings import END, START, argument, bpmn, flow, line

FACTORY = Path(__file__).parents[3] / "processes" / "opinion"
LIMIT = "working_days(received_on, extended_answer_limit if extended else answer_limit)"
COPY = (
    '<serviceTask id="copy_{0}" lianxin:role="feedback_copy" lianxin:operation="case.close">'
    + argument("to", "'{0}'")
    + "</serviceTask>"
)
COPIES = [COPY.format(key) for key in ("reporter", "delegate", "studio")]


def opinion(limit: str = LIMIT, more: str = "", copies: Collection[str] = COPIES, role: str = "answer") -> bytes:
    """The heart of the measures: answer within a limit, then three copies."""
    made = [f"copy_{key}" for key in ("reporter", "delegate", "studio") if f"copy_{key}" in "".join(copies)]
    steps = ["s", "t", *made, "e"]
    edge = (
        f'<boundaryEvent id="b" attachedToRef="t" cancelActivity="false" lianxin:role="limit"><timerEventDefinition>'
        f"<timeDate>{limit}</timeDate></timerEventDefinition></boundaryEvent>{flow('b', 'e')}"
    )
    task = f'<userTask id="t" name="答复" lianxin:role="{role}"/>'
    return bpmn(START, task, edge if limit else "", *copies, END, line(*steps), more)


def articles(drawing: bytes) -> set[str]:
    """What the articles say of this heart of a procedure; that most of the procedure is missing is another test's."""
    found = errors(lint.check({"a.bpmn": drawing}, package="opinion"))
    return {finding.code for finding in found if not re.fullmatch(r"article\.\d+\.role", finding.code)}


def factory(**changed: tuple[str, str]) -> dict[str, bytes]:
    """The factory edition, with one text replaced in some of its files."""
    files = {path.name: path.read_text("utf-8") for path in FACTORY.iterdir() if path.suffix in {".bpmn", ".dmn"}}
    for name, (old, new) in changed.items():
        assert old in files[f"{name}.bpmn"]
        files[f"{name}.bpmn"] = files[f"{name}.bpmn"].replace(old, new)
    return {name: text.encode() for name, text in files.items()}


def found(files: dict[str, bytes]) -> dict[str, Finding]:
    return {finding.code: finding for finding in errors(lint.check(files, package="opinion"))}


def test_the_factory_edition_keeps_every_article() -> None:
    assert found(factory()) == {}


@pytest.mark.parametrize("role", REQUIRED)
def test_every_step_the_articles_ask_for_must_be_there(role: str) -> None:
    everywhere = {name: text.replace(f'lianxin:role="{role}"'.encode(), b"") for name, text in factory().items()}
    finding = found(everywhere)[f"article.{REQUIRED[role][0]}.role"]
    assert role in finding.message
    assert "《办法》" in finding.message
    assert finding.element


def test_no_tier_is_skipped() -> None:
    skipping = factory(opinion=('targetRef="review_district"', 'targetRef="review_city"'))
    assert found(skipping)["article.10.tier"].element == "review_city"


def test_a_unit_does_not_rate_itself() -> None:
    finding = found(factory(rating=('lianxin:pool="street_department_head"', 'lianxin:pool="handling_unit"')))
    assert finding["article.12.self"].element in {"rating_department", "rating_consultation", "rating_redo"}


def test_the_articles_hold_in_a_sound_procedure() -> None:
    assert articles(opinion()) == set()
    assert articles(opinion("working_days(received_on, 9)")) == set()
    assert articles(opinion("working_days(received_on, limit_of_the_house)")) == set()


def test_the_articles_bind_the_opinion_only() -> None:
    assert errors(lint.check({"a.bpmn": opinion(limit="")})) == []


@pytest.mark.parametrize(
    ("drawing", "code"),
    [
        (opinion(limit=""), "article.11.limit"),
        (opinion("working_days(received_on, 11)"), "article.11.days"),
        (opinion("working_days(received_on, 31 if extended else 10)"), "article.11.days"),
        (opinion("working_days(received_on, extended_answer_limit)"), "article.11.days"),
        (opinion("working_days(received_on, 500 if level == 'x' else 10)"), "article.11.days"),
        (opinion("received_on + days(10)"), "article.11.working_days"),
        (opinion("working_days(today(), 10)"), "article.11.start"),
        (opinion(copies=COPIES[:2]), "article.11.copy"),
        (opinion(role="reply"), "article.role"),
        (opinion(role="report"), "article.11.answer"),
        (opinion(more='<userTask id="x" lianxin:role="extension"/>' + line("t", "x", "e")), "article.11.consent"),
    ],
)
def test_each_article_is_defended(drawing: bytes, code: str) -> None:
    assert code in articles(drawing)


def test_thirty_days_are_fine_behind_the_delegates_consent() -> None:
    consent = '<userTask id="c" lianxin:role="extension_consent"/>'
    task = '<userTask id="t" lianxin:role="answer"/>'
    edge = (
        '<boundaryEvent id="b" attachedToRef="t" lianxin:role="limit"><timerEventDefinition><timeDate>working_days(received_on, 30)'
        "</timeDate></timerEventDefinition></boundaryEvent>" + flow("b", "e")
    )
    steps = ("copy_reporter", "copy_delegate", "copy_studio", "e")
    assert articles(bpmn(START, consent, task, edge, *COPIES, END, line("s", "c", "t", *steps))) == set()
    assert articles(bpmn(START, consent, task, edge, *COPIES, END, line("s", "t", "c", *steps))) == {"article.11.days"}
