"""How alike two opinions are: the share of pairs of characters of the shorter text that the longer one has too. Plain
arithmetic over a few hundred texts; no index, no model."""

import re

_SAID = re.compile(r"[\u3400-\u9fffA-Za-z0-9]+")
# what every opinion says, whatever it is about
_EMPTY = frozenset(["反映", "希望", "要求", "建议", "解决", "居民", "社区", "问题", "影响", "有关", "部门", "尽快"])
MOST = 600  # characters compared
LEAST = 6  # pairs; less says nothing
WORDS = ((0.62, "很相似"), (0.42, "相似"), (0.28, "可能相关"))


def pairs(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters, without punctuation and without what every opinion says."""
    found: set[str] = set()
    for run in _SAID.findall(text[:MOST]):
        found.update(run[place : place + 2] for place in range(len(run) - 1))
    return frozenset(found.difference(_EMPTY))


def likeness(first: frozenset[str], second: frozenset[str]) -> float:
    """0 to 1; 0 when either says too little."""
    shorter = min(len(first), len(second))
    return len(first & second) / shorter if shorter >= LEAST else 0.0


def word(score: float) -> str:
    """The likeness in words, "" when it is not worth a look."""
    return next((said for least, said in WORDS if score >= least), "")
