"""The demo's own pages: switch person in one click, push the clock and watch (only with LIANXIN_DEMO; L8)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import Blueprint, Flask, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from engine import access, clock, deadlines
from engine.access import Verb
from engine.cases.models import Case
from engine.demo import clockwork
from engine.desk import conditions
from engine.errors import Conflict, NotFound
from engine.organisation.models import Person
from engine.setup.demo_organisation import FEATURED
from engine.work.models import Task
from web import filters
from web.policy import public
from web.session import actor, sign_in_as
from web.words import word

blueprint = Blueprint("demo", __name__, url_prefix="/demo")
DEMO_ONLY = "exists only in demo mode, which production refuses"
# the groups of the page, by what the login begins with
GROUPS = (
    ("社区党代表工作室", ("l-", "s-")),
    ("市党代表", ("d-",)),
    ("街道、区、市组织部门", ("department-",)),
    ("承办单位", ("unit-",)),
    ("市委", ("committee-",)),
    ("系统管理", ("admin-",)),
)
RESIDENT_OF = "沙头角"  # whose resident the page offers first
SHOWN = 12  # fired timers listed after a push; the rest are counted


@dataclass(frozen=True)
class Face:
    """One person of the demo on the page that switches."""

    login: str
    name: str
    role: str
    place: str


@blueprint.get("")
@public(DEMO_ONLY)
def people() -> ResponseReturnValue:
    """Everybody one may become, by tier; a resident's number and code; the clock."""
    access.require(None, Verb.DEMO_USE)
    return render_template("demo/people.html", groups=_groups(), resident=_resident())


@blueprint.post("/switch")
@public(DEMO_ONLY)
def switch() -> ResponseReturnValue:
    """Become one of the people on the page; nobody else."""
    access.require(None, Verb.DEMO_USE)
    login = request.form.get("login", "")
    if login not in {featured[0] for featured in FEATURED}:
        raise NotFound
    person = g.session.scalars(select(Person).where(Person.login == login)).first()
    if person is None or not person.active:
        raise NotFound
    sign_in_as(person)
    return redirect(url_for("delegate.index" if login.startswith("d-") else "workbench.index"))


@blueprint.post("/clock")
@public(DEMO_ONLY)
def push() -> ResponseReturnValue:
    """Move the clock by a day, five working days, or to the next deadline; what fired is told on the page."""
    access.require(None, Verb.CLOCK_ADVANCE)
    step = request.form.get("step", "")
    if step not in clockwork.STEPS:
        raise NotFound
    try:
        moved = clockwork.push(g.session, step)
    except Conflict as refusal:
        session["demo_told"] = {"said": refusal.message, "fired": [], "more": 0}
        return redirect(_back())
    readable = _readable({one.case_id for one in moved.fired})
    fired = [
        {
            "case": one.case_id if one.case_id in readable else 0,
            "number": one.number,
            "act": word(one.act, "act"),
            "result": one.result,
        }
        for one in moved.fired
    ]
    fired.sort(key=lambda one: not one["case"])  # what this person can open comes first
    now = clock.local(moved.now)
    said = f"演示时钟已到{filters.prose(moved.now)} {now:%H:%M}，"
    said += f"自动执行 {len(fired)} 次：" if fired else "其间没有时限到期。"
    session["demo_told"] = {"said": said, "fired": fired[:SHOWN], "more": max(len(fired) - SHOWN, 0)}
    return redirect(_back())


class Bar:
    """What the bar on every page shows."""

    @property
    def now(self) -> tuple[str, str]:
        """The demo's clock: the year, which a phone leaves out, and the rest."""
        here = clock.local(clock.now())
        return f"{here.year}年", f"{here.month}月{here.day}日 {filters.weekday(here.date())} {here:%H:%M}"

    @property
    def next_due(self) -> str:
        """When the next deadline fires, "" when none waits."""
        due = deadlines.next_due(g.session) if "session" in g else None
        return f"{filters.prose(due)} {clock.local(due):%H:%M}" if due else ""

    @property
    def told(self) -> dict[str, object]:
        """What the last push did; shown once."""
        told: dict[str, object] = session.pop("demo_told", None) or {}
        return told

    @property
    def here(self) -> str:
        """The page to come back to."""
        return request.full_path.rstrip("?") if request.method == "GET" else url_for("workbench.index")


def set_up(app: Flask) -> None:
    """Register the pages and the bar, in demo mode only."""
    if app.extensions["lianxin"].settings.demo:
        app.register_blueprint(blueprint)
        app.context_processor(lambda: {"demo_bar": Bar()})


def _back() -> str:
    wanted = request.form.get("next", "")
    plain = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\n" not in wanted
    return wanted if plain else url_for("workbench.index")


def _readable(case_ids: Collection[int]) -> Collection[int]:
    """Which of these the person looking may open: the others are named without a link."""
    if not current_user.is_authenticated:
        return ()
    return set(g.session.scalars(select(Case.id).where(Case.id.in_(case_ids), conditions.readable(actor()))))


def _groups() -> Sequence[tuple[str, Sequence[Face]]]:
    logins = [login for login, _, _ in FEATURED]
    query = select(Person.login, Person.name).where(Person.login.in_(logins))
    names = {row.login: row.name for row in g.session.execute(query)}
    faces = [Face(login, names[login], role, place) for login, role, place in FEATURED if login in names]
    return [(title, [face for face in faces if face.login.startswith(starts)]) for title, starts in GROUPS]


def _resident() -> Case | None:
    """A case whose reporter is being asked for a grade; else any that is being handled."""
    asked = select(Case).join(Task, Task.case_id == Case.id).where(Task.role == "rating_reporter")
    near = Case.studio_name.not_like(f"{RESIDENT_OF}%")
    handled = select(Case).where(Case.state == "handling")
    for query in (asked, handled):
        found: Case | None = g.session.scalars(query.order_by(near, Case.id.desc()).limit(1)).first()
        if found is not None:
            return found
    return None
