"""The real web server as a process, and a person at a browser without a screen who talks to it over a socket.

with served.web(environment) as address:
    person = served.Person(address)
    person.sign_in("street_clerk", PASSWORD)
"""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from engine.config import ROOT

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
HIDDEN_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], seconds: float = 60.0, what: str = "something") -> None:
    """Until it is true, or the test fails saying for what it waited."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def environment(**changes: str) -> dict[str, str]:
    """The environment of a process of ours: no setting of the developer's own shell leaks into a test."""
    ours = ("LIANXIN_", "DATABASE_URL", "REDIS_URL", "SMTP_URL", "PORT", "WEB_CONCURRENCY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONUNBUFFERED": "1"} | changes


@contextmanager
def process(name: str, command: list[str], env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its output in `log`, ended with everything it started; its log is told when the test fails."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            command, cwd=ROOT, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield child
    except BaseException:
        sys.stderr.write(f"---- {name}, end of its log:\n{log.read_text(errors='replace')[-4000:]}\n")
        raise
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def web(env: Mapping[str, str], log: Path, *options: str) -> Iterator[tuple[str, int]]:
    """gunicorn with two workers of four threads, as `lianxin up` starts it; yields host and port when it answers."""
    address = ("127.0.0.1", free_port())
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"{address[0]}:{address[1]}", "--workers", "2", "--threads", "4",
        "--timeout", "60", "--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning", *options,
        "web.app:create_app()",
    ]  # fmt: skip
    with process("web", command, env, log) as server:
        wait_for(lambda: server.poll() is not None or _healthy(address), what="the web server")
        assert server.poll() is None, log.read_text(errors="replace")
        yield address


def _healthy(address: tuple[str, int]) -> bool:
    try:
        return Person(address).get("/health").status == 200
    except OSError:
        return False


@dataclass(frozen=True)
class Answer:
    """What the server said; `to` is where a redirect leads."""

    status: int
    text: str
    to: str


class Person:
    """One browser: a connection kept open, cookies, and the CSRF token of the page last seen."""

    def __init__(self, address: tuple[str, int], **headers: str) -> None:
        self.connection = http.client.HTTPConnection(*address, timeout=60)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.cookies: dict[str, str] = {}
        self.token = ""

    def get(self, path: str) -> Answer:
        """A page; its CSRF token is remembered."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, *, fragment: bool = False, **form: str) -> Answer:
        """A form sent as the page sends it, or as htmx does."""
        extra = {"HX-Request": "true", "X-CSRFToken": self.token} if fragment else {}
        body = urlencode({**form, "csrf_token": self.token})
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"} | extra)

    def sign_in(self, login: str, password: str) -> "Person":
        """Through the sign-in page; fails when refused."""
        self.get("/sign-in")
        answer = self.post("/sign-in", login=login, password=password, next="")
        assert answer.status == 302, answer.text
        self.get("/me/password")  # a new session has a new token
        return self

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = self.headers | headers | ({"Cookie": cookies} if cookies else {})
        try:
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # the server closed a connection that was idle for too long; a browser connects again
            self.connection.close()
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
        text = response.read().decode()
        for line in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        if method == "GET" and (found := TOKEN.search(text) or HIDDEN_TOKEN.search(text)):
            self.token = found[1]
        return Answer(response.status, text, response.headers.get("Location", ""))
