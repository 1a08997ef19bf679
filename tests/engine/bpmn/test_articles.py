"""The measures of 2010, defended against the diagrams of the opinion procedure."""

from collections.abc import Collection

import pytest

from engine.bpmn import lint
from engine.bpmn.findings import errors
from tests.engine.bpmn.drawings import END, START, argument, bpmn, flow, line

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
    return {finding.code for finding in errors(lint.check({"a.bpmn": drawing}, package="opinion"))}


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
