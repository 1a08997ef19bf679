"""One process under the supervisor: started on a leash, again when it dies, ended with everything it started."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0
LOG_LIMIT = 10_000_000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Child:
    """A program, its log file and its life. Times are seconds of the monotonic clock, not dates."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    log: Path
    after_web: bool = False  # starts when the web answers: on two cores a person waits half as long for the first page
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    next_start: float = 0.0
    deaths: int = field(default=0)  # in a row, without a healthy minute between

    def start(self) -> None:
        """Start the program in a group of its own (Ctrl-C reaches only the supervisor), its output in its log file."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603  # our own programs, no shell
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_leash if _libc else None,  # noqa: PLW1509  # the supervisor has one thread
            )
        self.started = time.monotonic()

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self.process is not None and self.process.poll() is None

    def look(self) -> int | None:
        """Start it again when its pause is over. Returns the exit code once for each death, else None."""
        if self.alive:
            return None
        moment = time.monotonic()
        if self.process is None:
            if moment >= self.next_start:
                self.start()
            return None
        code = self.process.returncode
        self.deaths = 1 if moment - self.started > HEALTHY_AFTER else self.deaths + 1
        self.next_start = moment + self.pause
        self.process = None
        return code

    @property
    def pause(self) -> float:
        """Seconds until the next start: 1, 2, 4 … 30."""
        return float(min(2 ** max(self.deaths - 1, 0), LONGEST_PAUSE))

    def ask_to_end(self) -> None:
        """SIGTERM: finish what is under way, then go."""
        if self.process is not None and self.alive:
            self.process.terminate()

    def make_end(self, patience: float) -> None:
        """Wait `patience` seconds for the end, then kill it and all it started."""
        if self.process is None:
            return
        try:
            self.process.wait(max(patience, 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self, lines: int = 15) -> str:
        """The end of its log, for a person who has to see why it does not start."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _leash() -> None:
    # A supervisor killed with -9 cannot end its children: the kernel does it.
    if _libc:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
