"""Which story happens where and when: one line per case of the demo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.demo import detours, stories
from engine.demo.stories import Story

# communities by code; 沙头角街道 is where the walk of the README takes place
SHATOUJIAO, ZHONGYING, QIAODONG, PENGWAN = "440308003006", "440308003004", "440308003003", "440308004003"


@dataclass(frozen=True)
class Line:
    """One case: its story, where, the day it turns on (working days back), and the story's own words."""

    story: Story
    community: str
    received: int
    matter: str
    words: Mapping[str, Any] = field(default_factory=dict)


def _line(story: Story, community: str, received: int, matter: str, **words: Any) -> Line:
    return Line(story, community, received, matter, words)


def lines(elsewhere: list[str]) -> list[Line]:
    """The whole plot; `elsewhere`: codes of communities of other districts, used in turn."""
    return [*_shatoujiao(), *_yantian(), *_city(elsewhere), *_routine(elsewhere), *_detours()]


def _shatoujiao() -> list[Line]:
    """One street in every state, so that its people have work in every box."""
    s = stories
    return [
        # the one to watch: its limit ends with the next working day
        _line(s.received_at, SHATOUJIAO, 9, "environment", unit="城管科"),
        _line(s.received_at, QIAODONG, 10, "traffic"),
        _line(s.received_at, SHATOUJIAO, 8, "housing"),
        _line(s.received_at, ZHONGYING, 4, "culture"),
        _line(s.received_at, SHATOUJIAO, 2, "environment", unit="城管科", claimed=False),
        _line(s.received_at, QIAODONG, 1, "security", claimed=False),
        _line(s.overdue, SHATOUJIAO, 12, "environment", unit="城管科"),
        _line(s.overdue, ZHONGYING, 17, "construction", noted=True),
        _line(s.overdue, QIAODONG, 23, "housing"),
        _line(s.consulted, SHATOUJIAO, 16, "construction", asked=8),
        _line(s.asking_extension, SHATOUJIAO, 7, "traffic", asked=1),
        _line(s.extended, QIAODONG, 9, "business", asked=4, decision="refuse"),
        _line(s.extended, ZHONGYING, 13, "health", asked=4),
        _line(s.asked_too_late, ZHONGYING, 13, "employment"),
        _line(s.declined, SHATOUJIAO, 4, "environment"),
        _line(s.declined, QIAODONG, 6, "traffic", again="规划建设科"),
        _line(s.answer_returned, SHATOUJIAO, 8, "environment"),
        _line(s.answered, SHATOUJIAO, 7, "health", days=6),
        _line(s.letter_waiting, SHATOUJIAO, 9, "culture"),
        _line(s.half_rated, SHATOUJIAO, 9, "education"),
        _line(s.in_rating, QIAODONG, 8, "security", days=6),
        _line(s.disagreed, SHATOUJIAO, 12, "traffic"),
        _line(s.agreed_after_talk, ZHONGYING, 24, "housing"),
        _line(s.registered, SHATOUJIAO, 1, "other"),
        _line(s.registered, QIAODONG, 1, "party"),
        _line(s.signed, SHATOUJIAO, 1, "education"),
        _line(s.returned_to_studio, SHATOUJIAO, 2, "other"),
        _line(s.voided, SHATOUJIAO, 11, "health"),
        _line(s.reported, SHATOUJIAO, 1, "business"),
        _line(s.reported, ZHONGYING, 2, "party"),
        _line(s.reviewed_late, QIAODONG, 6, "employment"),
        _line(s.taken_back, SHATOUJIAO, 3, "security"),
        _line(
            s.terminated, QIAODONG, 6, "housing", kind="court", to="盐田区人民法院",
            reason="该租赁合同纠纷已进入诉讼程序，依法应由人民法院处理，已当面告知反映人。",
        ),
        _line(s.closed, SHATOUJIAO, 30, "environment", grade="very_satisfied"),
        _line(s.closed, SHATOUJIAO, 26, "security", grade="satisfied", online=True),
        _line(s.closed, QIAODONG, 33, "culture", grade="satisfied"),
        _line(s.closed_late, ZHONGYING, 29, "traffic"),
        _line(s.on_the_spot, SHATOUJIAO, 14, "spot"),
        _line(s.on_the_spot, SHATOUJIAO, 5, "spot", grade="satisfied"),
    ]  # fmt: skip


def _yantian() -> list[Line]:
    """The neighbouring street, whose studio is not established (R12), and what the district handles."""
    s = stories
    return [
        _line(s.registered, PENGWAN, 2, "traffic"),
        _line(s.reported, PENGWAN, 3, "environment"),
        _line(s.received_at, PENGWAN, 6, "housing"),
        _line(s.overdue, PENGWAN, 11, "culture"),
        _line(s.escalated, SHATOUJIAO, 2, "education", tier="district"),
        _line(s.received_at, SHATOUJIAO, 5, "health", tier="district"),
        _line(s.overdue, SHATOUJIAO, 18, "construction", tier="district"),
        _line(s.asking_extension, QIAODONG, 9, "construction", tier="district", asked=2),
        _line(s.closed, PENGWAN, 28, "education", grade="satisfied", tier="district"),
    ]


def _city(elsewhere: list[str]) -> list[Line]:
    """Escalated as far as the city and its committee."""
    s = stories
    return [
        _line(s.escalated, SHATOUJIAO, 2, "construction", tier="city"),
        _line(s.received_at, SHATOUJIAO, 7, "traffic", tier="city"),
        _line(s.overdue, elsewhere[0], 12, "employment", tier="city"),
        _line(s.escalated, QIAODONG, 1, "education", tier="committee"),
        _line(s.instructed, SHATOUJIAO, 3, "construction", decision="unit", unit="水务局"),
        _line(s.instructed, elsewhere[1], 2, "business", decision="department"),
        _line(s.instructed, elsewhere[2], 15, "party", decision="file"),
        _line(s.closed, elsewhere[3], 35, "construction", grade="fairly_satisfied", tier="city", days=9),
    ]


def _routine(elsewhere: list[str]) -> list[Line]:
    """Other streets, so that lists of district and city have more than one place in them."""
    s = stories
    return [
        _line(s.received_at, elsewhere[4], 3, "environment"),
        _line(s.received_at, elsewhere[5], 8, "security"),
        _line(s.overdue, elsewhere[6], 13, "business"),
        _line(s.in_rating, elsewhere[7], 10, "housing", days=7),
        _line(s.closed, elsewhere[8], 22, "employment", grade="very_satisfied", days=4),
        _line(s.closed, elsewhere[9], 25, "health", grade="dissatisfied", days=9),
        _line(s.on_the_spot, elsewhere[10], 8, "spot"),
        _line(s.extended, elsewhere[11], 14, "construction", asked=7),
        _line(s.reported, elsewhere[0], 2, "other"),
        _line(s.registered, elsewhere[4], 1, "employment"),
    ]


def _detours() -> list[Line]:
    """What leaves the straight way, one of each."""
    d = detours
    return [
        _line(d.split, SHATOUJIAO, 5, "construction", units=("规划建设科", "文体和社区服务科")),
        _line(d.joined, SHATOUJIAO, 3, "other", times=2),
        _line(d.sent_down, QIAODONG, 2, "traffic"),
        _line(d.returned_by_street, SHATOUJIAO, 3, "security"),
        _line(d.returned_by_street, ZHONGYING, 4, "environment", again=True),
        _line(d.redone, SHATOUJIAO, 10, "housing"),
        _line(d.declined_twice, ZHONGYING, 4, "business", units=("城管科", "文体和社区服务科", "经济服务科")),
    ]
