"""Set-up and production files: locks that match, no addresses, icons that exist, files their own tools accept."""

import json
import os
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


def test_the_programs_load_with_the_packages_of_production_alone() -> None:
    """A package that only a tool of the tests brings is missing in a fresh installation."""
    ours = [path.name for path in (ROOT / "engine", ROOT / "web", ROOT / "workers")]
    done = subprocess.run(
        [sys.executable, "-c", LOADER, " ".join(locked("production")), *ours],
        cwd=ROOT, env=os.environ | {"REDIS_URL": "redis://127.0.0.1:1/0"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1500:]
    assert int(done.stdout) > 200, "nothing was loaded"


# Loads every module of the folders named, and the transport the worker would use, where nothing else can be imported.
LOADER = """
import importlib, pkgutil, sys
from importlib.metadata import packages_distributions

allowed = set(sys.argv[1].split())
foreign = {
    name for name, packages in packages_distributions().items()
    if not {package.lower().replace("_", "-").replace(".", "-") for package in packages} & (allowed | {"lianxin"})
}

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in foreign:
            raise ModuleNotFoundError(f"{name} is not in requirements/production.txt", name=name)

sys.meta_path.insert(0, Refusal())
loaded = 0
for folder in sys.argv[2:]:
    for module in pkgutil.walk_packages([folder], f"{folder}."):
        if not module.name.endswith(("__main__", ".env")):  # run, not imported
            importlib.import_module(module.name)
            loaded += 1
from workers.app import app
app.connection_for_write().transport
print(loaded)
"""
