"""Where the built front end lies: names with a hash in them, which browsers may keep for ever."""

import json
from functools import cache
from pathlib import Path

from flask import Flask, url_for

DIST = Path(__file__).parent / "static" / "dist"


@cache
def _manifest(_changed_at: int) -> dict[str, str]:
    names: dict[str, str] = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))
    return names


def asset(name: str) -> str:
    """The address of a built file, e.g. asset('app.css'). A front end that was never built gives plain pages."""
    file = DIST / "manifest.json"
    names = _manifest(file.stat().st_mtime_ns) if file.exists() else {}
    return url_for("static", filename=f"dist/{names.get(name, name)}")


def is_hashed(path: str) -> bool:
    """May a browser keep this static file for ever?"""
    return path.startswith("/static/dist/")


def set_up(app: Flask) -> None:
    """Make asset() known to every template."""
    app.add_template_global(asset)
