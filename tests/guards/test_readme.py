"""The two READMEs: the same document in two languages, whose commands run and whose walk names what is on the pages."""

import re
import shlex
from functools import cache

import click
import pytest
from click.testing import CliRunner

from engine.cli import main
from engine.config import ROOT
from engine.setup.demo_organisation import FEATURED
from engine.work.acts import LABELS
from tests.guards.sources import PROCESSES, document, python, templates
from web.words import BOXES

READMES = ("README.md", "README.zh-CN.md")
OTHER_PROGRAMS = {"cp", "docker"}  # not ours to test beyond the files they name
WALK = {"README.md": "## A walk of five minutes", "README.zh-CN.md": "## 五分钟走一遍"}


def chapter(name: str, head: str) -> str:
    """One chapter of a README."""
    return document(name).split(f"{head}\n")[1].split("\n## ")[0]


def commands(text: str) -> list[str]:
    """Every line of every shell block."""
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines() if line.strip()]


def targets() -> set[str]:
    """The targets of the Makefile that `make help` lists."""
    return set(re.findall(r"^([a-z-]+):.*##", document("Makefile"), re.MULTILINE))


def command(words: list[str]) -> click.Command | None:
    """The subcommand of `lianxin` that these words name, None when there is none."""
    found: click.Command = main
    for word in words:
        if not isinstance(found, click.Group):
            break
        following = found.commands.get(word)
        if following is None:
            return None
        found = following
    return found


def fault(line: str) -> str:
    """Why a command of a README would not run; "" when it does."""
    words = shlex.split(line)
    words = [word for number, word in enumerate(words) if number or "=" not in word] or words
    if words[0].endswith("lianxin") or words[:3] == ["docker", "compose", "exec"]:
        words = words[words.index("lianxin") + 1 :] if "lianxin" in words else words[1:]
        found = command(words)
        if found is None or found is main:
            return f"lianxin has no command “{' '.join(words)}”"
        known = {name for option in found.params for name in option.opts}
        unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
        helped = CliRunner().invoke(main, [*words[:1], "--help"])
        return f"no option {unknown}" if unknown else "" if helped.exit_code == 0 else helped.output
    if words[0] == "make":
        missing = [word for word in words[1:] if "=" not in word and word not in targets()]
        return f"make has no target {missing}" if missing else ""
    if words[0] == "cp":
        return "" if (ROOT / words[1]).exists() else f"no file {words[1]}"
    return "" if words[0] in OTHER_PROGRAMS else f"what is {words[0]}?"


@pytest.mark.parametrize("name", READMES)
def test_every_command_runs(name: str) -> None:
    lines = commands(document(name))
    assert len(lines) > 10
    assert {line: problem for line in lines if (problem := fault(line))} == {}


@pytest.mark.parametrize("name", READMES)
def test_every_command_in_a_sentence_runs(name: str) -> None:
    inline = [text for text in re.findall(r"`([^`\n]+)`", document(name)) if text.split()[0] in {"make", "lianxin"}]
    assert {line: problem for line in inline if (problem := fault(line))} == {}


def test_make_help_names_every_target() -> None:
    phony = set(re.findall(r"^\.PHONY: (.+)$", document("Makefile"), re.MULTILINE))
    assert phony == targets()
    assert {"run", "test", "check", "install", "help"} <= phony


def test_both_readmes_are_the_same_document() -> None:
    english, chinese = (document(name) for name in READMES)
    for pattern in (r"^(#+) ", r"^(\d+)\. ", r"^(\|)", r"(!?\]\((?!README)[^)]+\))"):
        assert re.findall(pattern, english, re.M) == re.findall(pattern, chinese, re.M), pattern
    ours = [
        [line for line in commands(text) if "人员" not in line and "people.xlsx" not in line]
        for text in (english, chinese)
    ]
    assert [line.split()[:2] for line in ours[0]] == [line.split()[:2] for line in ours[1]]


@pytest.mark.parametrize("name", READMES)
def test_every_link_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", document(name))
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


@cache
def on_screen() -> str:
    """Everything a person may read: templates, forms, diagrams, words and labels."""
    texts = [*templates().values(), *BOXES.values(), *LABELS.values(), *(" ".join(row) for row in FEATURED)]
    texts += [
        file.read_text(encoding="utf-8")
        for kind in ("*.bpmn", "forms/*.json")
        for file in PROCESSES.glob(f"opinion/{kind}")
    ]
    texts += [node.value for file in python() if file.path.startswith("web/") for node in file.strings()]
    return "\n".join(texts)


@pytest.mark.parametrize("name", READMES)
def test_the_walk_names_what_is_on_the_pages(name: str) -> None:
    """Bold words are what one clicks or looks for: they stand on a page, letter for letter."""
    bold = re.findall(r"\*\*([^*]+)\*\*", chapter(name, WALK[name]))
    assert len(bold) > 15
    assert [word for word in bold if word not in on_screen()] == []


def test_the_people_of_the_walk_can_be_switched_to() -> None:
    for title in ("街道组织部门经办人", "街道组织部门负责人", "街道承办单位经办人", "联络员"):
        assert any(row[1] == title for row in FEATURED), title
        assert title in document("README.zh-CN.md")


def test_the_guard_sees_what_does_not_run() -> None:
    for line in ("make tea", "lianxin nothing", "lianxin sweep --fast", "cp nothing.txt .env", "npm install"):
        assert fault(line), line
    for line in ("make run", "PORT=8001 make run", "lianxin workdays 2026-02-13 10 --json", "docker compose up -d"):
        assert not fault(line), line
