"""Diagrams other people drew: set LIANXIN_DIAGRAMS to a folder of public collections (the BPMN interchange suite, the
library's own fixtures). Without it, our samples stand in. Nothing of such a folder is ever committed."""

import os
import time
from pathlib import Path

import pytest

from engine.bpmn import Refused, check_package, compile_package, start
from engine.errors import LianxinError
from tests.engine.bpmn.diagrams import Desk

FOLDER = Path(os.environ.get("LIANXIN_DIAGRAMS") or Path(__file__).parent / "samples")
FILES = sorted(FOLDER.rglob("*.bpmn"))
STARTING = 296  # of the 831 files of the interchange suite, in draft mode


@pytest.mark.parametrize("draft", [False, True])
def test_every_file_is_answered_in_time_and_by_name(draft: bool) -> None:
    """No traceback, no hang, under a second each, every remark with an element or a place, in both languages."""
    for path in FILES:
        data = path.read_bytes()
        began = time.perf_counter()
        found = check_package({path.name: data}, draft=draft, marked=True)
        assert time.perf_counter() - began < 1, path
        for finding in found:
            assert finding.element or (finding.line and finding.column), (path, finding)
            assert finding.message.endswith("。"), (path, finding)
            assert finding.message_en, (path, finding)


def test_drafts_start() -> None:
    """What is not refused starts, unless data are missing, and is stored and read like any other."""
    started = 0
    for path in FILES:
        try:
            package = compile_package({"a.bpmn": path.read_bytes()}, draft=True)
        except Refused:
            continue
        try:
            for process in package.processes:
                assert start(package, process, {}, Desk()).dump()
        except LianxinError:
            continue
        started += 1
    assert started >= (STARTING if len(FILES) >= 831 else 0)
    assert FILES
