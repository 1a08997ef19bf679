"""The supervisor with real processes: children come back when they die, and nobody outlives it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from engine import config
from engine.config import ROOT
from workers import supervisor
from workers.child import Child

pytestmark = pytest.mark.processes

# Two children that write their process id on every start; the second one ignores SIGTERM.
FAMILY = """
import sys
from pathlib import Path
from workers import supervisor
from workers.child import Child

supervisor.PATIENCE = 1.0
data = Path(sys.argv[1])
calm = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + calm
family = [
    Child(name, [sys.executable, "-c", code], {}, data, data / f"{name}.log")
    for name, code in {"calm": calm, "deaf": deaf}.items()
]
sys.exit(supervisor.Supervisor(family, data).run(lambda: None, ("127.0.0.1", 9)))
"""


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Until it is true, or the test fails."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "waited too long"
        time.sleep(0.05)


def exists(pid: int) -> bool:
    """A process that still runs (a zombie does not)."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def starts(data: Path, name: str) -> list[int]:
    """The process ids the child had, in order."""
    log = data / f"{name}.log"
    return [int(line) for line in log.read_text().split()] if log.exists() else []


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", FAMILY, str(tmp_path)], cwd=ROOT, stdout=subprocess.DEVNULL)
    wait_for(lambda: starts(tmp_path, "calm") and starts(tmp_path, "deaf"))
    yield process
    process.kill()
    process.wait()
    for pid in starts(tmp_path, "calm") + starts(tmp_path, "deaf"):
        if exists(pid):
            os.kill(pid, signal.SIGKILL)


def test_a_child_that_dies_is_started_again(parent: subprocess.Popen[bytes], tmp_path: Path) -> None:
    os.kill(starts(tmp_path, "calm")[0], signal.SIGKILL)
    wait_for(lambda: len(starts(tmp_path, "calm")) == 2)
    assert len(starts(tmp_path, "deaf")) == 1
    assert parent.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_ends_every_child_even_a_deaf_one(
    parent: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    parent.send_signal(number)
    assert parent.wait(10) == 0
    assert not exists(starts(tmp_path, "calm")[0])
    assert not exists(starts(tmp_path, "deaf")[0])


def test_children_die_with_a_killed_supervisor(parent: subprocess.Popen[bytes], tmp_path: Path) -> None:
    parent.kill()
    wait_for(lambda: not exists(starts(tmp_path, "calm")[0]))


def test_pauses_grow_and_end_at_half_a_minute(tmp_path: Path) -> None:
    child = Child("x", [], {}, tmp_path, tmp_path / "x.log")
    pauses = []
    for deaths in range(1, 8):
        child.deaths = deaths
        pauses.append(child.pause)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path) -> None:
    settings = replace(config.load(), data_dir=tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(supervisor.PortTaken) as refusal:
            supervisor.run(settings, port)
    assert f"端口 {port} 已被占用" in refusal.value.message
    assert f"PORT={port + 1}" in refusal.value.message
    assert "\n" not in refusal.value.message


def test_the_broker_keeps_its_messages_when_killed(tmp_path: Path) -> None:
    settings = replace(config.load(), data_dir=tmp_path, redis_url="")
    broker = supervisor.children(settings, 8000, "127.0.0.1")[0]
    assert broker.name == "broker"
    url = broker.environment["REDIS_URL"]
    assert url.startswith("redis+socket:///")
    client = redis.Redis(unix_socket_path=url.removeprefix("redis+socket://"))

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    broker.start()
    try:
        wait_for(answers)
        client.rpush("queue", "message")
        wait_for(lambda: client.info("persistence")["aof_last_write_status"] == "ok")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert broker.process is not None
        broker.process.kill()
        wait_for(lambda: broker.look() == -signal.SIGKILL)
        wait_for(lambda: broker.look() is None and broker.alive)
        wait_for(answers)
        assert client.lrange("queue", 0, -1) == [b"message"]
    finally:
        broker.ask_to_end()
        broker.make_end(5)


def test_a_broker_of_the_installation_is_used_instead_of_ours(tmp_path: Path) -> None:
    settings = replace(config.load(), data_dir=tmp_path, redis_url="redis://queue.example:6379/0")
    family = supervisor.children(settings, 8000, "127.0.0.1")
    assert [child.name for child in family] == ["web", "worker", "beat"]
    assert {child.environment["REDIS_URL"] for child in family} == {"redis://queue.example:6379/0"}


def test_a_long_data_directory_gets_a_short_socket(tmp_path: Path) -> None:
    assert len(str(supervisor._socket(tmp_path / ("x" * 120)))) < 108
