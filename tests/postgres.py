"""The PostgreSQL server of the tests: the one the environment names, or one of our own, shared by the test workers.

`make test`, a bare `pytest` and `make bench` start one on a unix socket, which the process that began them stops again:
any number of runs stand side by side. A server that PGHOST and friends name is used as it is. Where PostgreSQL is not
installed the tests fail and say so; they never skip.
"""

import fcntl
import getpass
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL

HOME = "LIANXIN_TEST_POSTGRES"  # directory of our own server; set by the first process, inherited by the workers
OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300"


def prepare() -> None:
    """Choose where our own server would live (before the workers start); nothing is started yet."""
    if "PGHOST" not in os.environ and HOME not in os.environ:
        os.environ[HOME] = tempfile.mkdtemp(prefix="lianxin-postgres-")


def stop() -> None:
    """Stop our own server, when one was started, and remove its directory."""
    if HOME not in os.environ:
        return
    home = Path(os.environ.pop(HOME))
    if (home / "data" / "postmaster.pid").exists():
        _run("pg_ctl", "-D", str(home / "data"), "-m", "immediate", "-w", "stop")
    shutil.rmtree(home, ignore_errors=True)


def make_database(name: str) -> URL:
    """An empty database of that name on the server of the tests."""
    url = _server()
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return url.set(database=name)


def drop_database(name: str) -> None:
    """Remove it again, whoever is still connected."""
    with psycopg.connect(_conninfo(_server()), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _server() -> URL:
    if "PGHOST" in os.environ:
        return URL.create(
            "postgresql+psycopg",
            username=os.environ.get("PGUSER"),
            password=os.environ.get("PGPASSWORD"),
            host=os.environ["PGHOST"],
            port=int(os.environ.get("PGPORT", "5432")),
            database=os.environ.get("PGDATABASE", "postgres"),
        )
    home = Path(os.environ[HOME])
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "data" / "postmaster.pid").exists():
            _start(home)
    query = {"host": str(home)}
    return URL.create("postgresql+psycopg", username="postgres", database="postgres", query=query)


def _start(home: Path, options: str = OPTIONS) -> None:
    home.chmod(0o755)
    data = home / "data"
    data.mkdir(mode=0o700)
    (home / "log").touch()
    if os.geteuid() == 0:
        for path in (home, data, home / "log"):
            shutil.chown(path, "postgres", "postgres")
    _run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    _run("pg_ctl", "-D", str(data), "-l", str(home / "log"), "-w", "-o", f"{options} -h '' -k {home}", "start")


def _run(program: str, *arguments: str) -> None:
    # PostgreSQL refuses to run as root
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    as_user = {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(  # the server must not inherit our pipes, or nobody sees their end
        [_find(program), *arguments],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
        check=False,
        **as_user,
    )
    if done.returncode:
        pytest.fail(f"{program} failed: {(done.stderr or b'').decode()}", pytrace=False)


def _find(program: str) -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda p: float(p.parts[4]))
    found = str(installed[-1]) if installed else shutil.which(program)
    if found is None:
        pytest.fail(f"{program} not found: install PostgreSQL (`make setup-test`) or set PGHOST", pytrace=False)
    return found


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
