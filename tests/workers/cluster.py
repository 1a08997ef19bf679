"""A PostgreSQL server of one test alone, which may crash: with the settings of an installation, durable commits among
them (the shared server of the tests is fast because it may lose them)."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from sqlalchemy import URL, Engine
from sqlalchemy.exc import OperationalError

from engine import db
from tests import postgres

OPTIONS = "-c max_connections=100"
CRASHES = ("immediate", "postmaster", "everybody", "backend")  # the ways it dies


class Cluster:
    """The server in `home`, reached over its socket there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        self.url = URL.create(
            "postgresql+psycopg", username="postgres", database="postgres", query={"host": str(home)}
        )  # fmt: skip

    def crash(self, way: str) -> float:
        """Die without a word in one of the CRASHES, recover, take connections again; seconds it was away."""
        began, master = time.monotonic(), self._master()
        everybody = _children(master)
        if way == "immediate":
            postgres._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")
        elif way == "backend":  # the postmaster ends the others and replays the log by itself
            os.kill(max(everybody), signal.SIGKILL)
        else:
            os.kill(master, signal.SIGKILL)
            for process in everybody if way == "everybody" else ():
                _kill(process)
        if way != "backend":
            self._wait_for_the_end(everybody)
            self.start()
        self._wait_for_answers()
        return time.monotonic() - began

    def start(self) -> None:
        """Start it again on the same files."""
        log, options = str(self.home / "log"), f"{OPTIONS} -h '' -k {self.home}"
        postgres._run("pg_ctl", "-D", str(self.data), "-l", log, "-w", "-t", "60", "-o", options, "start")

    def _master(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def _wait_for_the_end(self, processes: list[int]) -> None:
        """Orphaned backends end by themselves when they see that the postmaster is gone."""
        last = time.monotonic() + 30
        while any(Path(f"/proc/{process}").exists() for process in processes):
            assert time.monotonic() < last, "a backend outlived its postmaster"
            time.sleep(0.05)

    def _wait_for_answers(self) -> None:
        probe, last = db.connect(self.url.render_as_string(hide_password=False)), time.monotonic() + 60
        while True:
            try:
                probe.connect().close()
                break
            except OperationalError:
                assert time.monotonic() < last, (self.home / "log").read_text()[-2000:]
                time.sleep(0.05)
        probe.dispose()


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


@contextmanager
def cluster() -> Iterator[tuple[Cluster, Engine]]:
    """A fresh server with all tables; stopped and removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="lianxin-cluster-"))
    made = Cluster(home)
    engine = None
    try:
        postgres._start(home, OPTIONS)
        engine = db.connect(made.url.render_as_string(hide_password=False))
        db.Base.metadata.create_all(engine)
        yield made, engine
    finally:
        if engine is not None:
            engine.dispose()
        if (made.data / "postmaster.pid").exists():
            postgres._run("pg_ctl", "-D", str(made.data), "-m", "immediate", "-w", "stop")
        rmtree(home, ignore_errors=True)
