"""Set-up and production files: locks that match, no addresses, icons that exist, files their own tools accept."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from engine.config import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = {
    "production": PROJECT["dependencies"],
    "run": [*PROJECT["dependencies"], *EXTRAS["local"]],
    "test": [*PROJECT["dependencies"], *EXTRAS["local"], *EXTRAS["test"]],
    "uv": (ROOT / "requirements" / "uv.in").read_text().split(),
    "node": (ROOT / "requirements" / "node.in").read_text().split(),
}
MODELER = ROOT / "web" / "modeler"


def locked(name: str) -> dict[str, str]:
    """Package → its entry in the lock, hashes included."""
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8"))
    return {entry.split("==")[0].lower().replace("_", "-"): entry for entry in entries if "==" in entry}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_every_pin_with_a_hash_and_no_address(name: str) -> None:
    entries = locked(name)
    for pin in LOCKS[name]:
        package, version = re.sub(r"\[.*?\]", "", pin).split("==")
        entry = entries[package.lower().replace("_", "-")]
        assert entry.split()[0].endswith(f"=={version}"), f"{pin}: run `make lock`"
    assert all("--hash=sha256:" in entry for entry in entries.values())
    assert "://" not in "".join(entries.values())


def test_the_front_end_lock_matches_and_has_no_address() -> None:
    text = (MODELER / "package-lock.json").read_text(encoding="utf-8")
    package = json.loads((MODELER / "package.json").read_text(encoding="utf-8"))
    lock = json.loads(text)["packages"]
    assert "://" not in text
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        assert lock[f"node_modules/{name}"]["version"] == version, f"{name}: run `make lock`"
    assert all("integrity" in entry for path, entry in lock.items() if path)


def test_every_icon_a_template_shows_is_in_the_sprite() -> None:
    listed = {line for line in (MODELER / "icons.txt").read_text().splitlines() if not line.startswith("#")}
    shown: dict[str, Path] = {}
    for template in (ROOT / "web" / "templates").rglob("*.html"):
        for name in re.findall(r"""\bicon\(\s*["']([a-z0-9-]+)["']""", template.read_text(encoding="utf-8")):
            shown[name] = template.relative_to(ROOT)
    assert shown, "no template shows an icon: has the macro another name now?"
    assert {name: str(file) for name, file in shown.items() if name not in listed} == {}


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE))
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines() if line.startswith("  make ")} == targets


@pytest.mark.parametrize(
    "command",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        ["hadolint", "Dockerfile"],
    ],
    ids=lambda command: command[0],
)
def test_production_files_are_valid(command: list[str]) -> None:
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_setting_of_the_compose_file_is_explained() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    example = (ROOT / "deploy" / "env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#?\s*([A-Z_]+)=", example, re.MULTILINE))
    assert asked - explained == set()
