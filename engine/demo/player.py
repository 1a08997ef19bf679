"""One case of the demo and the people who act on it: each step finds its task and somebody entitled, and does it."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, consulting, intake, tasks
from engine.access import Actor
from engine.calendar import Calendar
from engine.cases.models import Case
from engine.db import Begin
from engine.demo.opinions import Opinion
from engine.errors import Conflict
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation, Place
from engine.work.models import Task

Wakes = Iterator[datetime]  # a story: it yields the moment it wants to go on at
SURNAMES = "陈林黄李张刘王吴周郑蔡何罗梁曾叶杨许邓冯谢彭"
EMPLOYERS = (
    "无",
    "演示精密五金有限公司",
    "演示餐饮店",
    "演示家政服务部",
    "退休",
    "演示小学",
    "演示物流公司",
    "个体经营",
)


@dataclass
class Diary:
    """Working days counted back from the first working day that has not ended: day(0) is that day, day(1) the working
    day before it. Acts lie on day(1) and earlier, so that all of them are over when the demo opens."""

    days: list[date]

    @classmethod
    def ending(cls, calendar: Calendar, today: date, count: int = 90) -> "Diary":
        """The diary of a demo that opens today."""
        day = today
        while not calendar.day(day).working:
            day = date.fromordinal(day.toordinal() + 1)
        days: list[date] = []
        while len(days) < count:
            if calendar.day(day).working:
                days.append(day)
            day = date.fromordinal(day.toordinal() - 1)
        return cls(days)

    def at(self, ago: int, hour: int, minute: int) -> datetime:
        """That time of the working day `ago` working days back."""
        return clock.at(self.days[ago], hour, minute)


@dataclass
class Player:
    """Plays one case. `begin` opens one act's transaction; `rng` varies minutes and people, the same on every build."""

    begin: Begin
    diary: Diary
    studio_id: int
    opinion: Opinion
    rng: random.Random
    reporter: Mapping[str, str] = field(default_factory=dict)
    case_id: int = 0

    def on(self, ago: int, hour: int) -> datetime:
        """A moment in that hour of the working day `ago` working days back."""
        return self.diary.at(ago, hour, self.rng.randrange(3, 57))

    # ------------------------------------------------------------------------------------------------ registration

    def register(self, **changes: str) -> None:
        """登记 by the studio's liaison."""
        with self.begin() as session:
            liaison = organisation.liaison_of(session, self.studio_id)
            if liaison is None:
                raise Conflict("这个社区没有联络员。")
            actor = organisation.actor(session, liaison.id)
            delegates = intake.delegates_for(session, self.studio_id)
            form = self._form() | {"delegate_id": delegates[0][0]} | dict(self.reporter) | changes
            self.case_id = intake.register(session, actor, self.studio_id, form).id

    def _form(self) -> dict[str, str]:
        rng, opinion = self.rng, self.opinion
        female = rng.random() < 0.5
        called = "某" + rng.choice("芳娟敏霞玲梅" if female else "强军华明辉平")
        return {
            "reporter_naming": "named",
            "reporter_name": rng.choice(SURNAMES) + called,
            "reporter_gender": "female" if female else "male",
            "reporter_age": str(rng.randrange(27, 79)),
            "reporter_phone": f"138{rng.randrange(10**8):08d}",
            "reporter_employer": rng.choice(EMPLOYERS),
            "reporter_address": f"{rng.randrange(1, 12)}栋{rng.randrange(2, 28)}0{rng.randrange(1, 7)}（演示地址）",
            "channel": "visit",
            "matter": opinion.matter,
            "content": opinion.content,
            "summary": opinion.summary,
            "reflected_on": clock.today().isoformat(),
            "reporter_signature": "handwritten",
            "settlement": "street",
        }

    # ------------------------------------------------------------------------------------------------ tasks

    def claim(self, role: str) -> None:
        """签收 only."""
        with self.begin() as session:
            task = self.task(session, role)
            tasks.claim(session, self.actor(session, task), task.id)

    def do(self, role: str, **form: Any) -> None:
        """签收 where it is a pool's task, and complete."""
        with self.begin() as session:
            task = self.task(session, role)
            actor = self.actor(session, task)
            if task.person_id is None and task.assignee_id is None:
                tasks.claim(session, actor, task.id)
            tasks.complete(session, actor, task.id, {name: str(value) for name, value in form.items()})

    def sign(self) -> None:
        """The delegate confirms the form with the own name."""
        with self.begin() as session:
            name = self.actor(session, self.task(session, "signature")).name
        self.do("signature", decision="sign", signature_name=name)

    def refer(self, unit: str = "") -> None:
        """转交承办 to the unit whose name ends so, else to the one in charge of the matter."""
        with self.begin() as session:
            task = self.task(session, "tier_review")
            units = tasks.options(session, "units", session.get_one(Case, self.case_id), task)
            chosen = next((value for value, label in units if unit and label.endswith(unit)), "")
            value = chosen or self._unit_in_charge(session, task) or units[0][0]
        self.do(
            "tier_review", decision="refer", unit_id=value, basis="事项属本级有关部门职责，按管理权限转交办理。",
            requirement="请实地核实，与反映人见面沟通，按期书面反馈。",
        )  # fmt: skip

    def _unit_in_charge(self, session: Session, task: Task) -> str:
        department = session.get_one(Organisation, task.organisation_id)
        units = organisation.units_of(session, department.tier, department.place_id, self.opinion.matter)
        return str(units[0].id) if units else ""

    def escalate(self) -> None:
        """上报 to the next tier."""
        self.do("tier_review", decision="escalate", basis="事项超出本级管理权限，需上一级有关部门统筹解决。")

    def instruct(self, decision: str, unit: str = "") -> None:
        """批示 of the city committee."""
        form = {
            "decision": decision,
            "instruction": "请主管部门会同属地认真研究，拿出可行方案，年内见效，并向群众说明。",
            "leader": "演示市委领导",
            "instructed_on": clock.today().isoformat(),
        }
        if unit:
            with self.begin() as session:
                city = organisation.units_of(session, "city", organisation.city(session).id)
                form["unit_id"] = str(next(row.id for row in city if row.name.endswith(unit)))
        self.do("committee_instruction", **form)

    def answer(self, text: str = "", result: str = "") -> None:
        """书面反馈."""
        self.do(
            "answer", decision="answer", result=result or self.opinion.result, text=text or self.opinion.answer,
            contact="演示承办人 0755-25550000",
        )  # fmt: skip

    def request_extension(self, reason: str, work_done: str) -> None:
        """申请延期 by the one who holds the answer."""
        with self.begin() as session:
            task = self.task(session, "answer")
            actor = self.actor(session, task)
            if task.assignee_id is None:
                tasks.claim(session, actor, task.id)
            tasks.request_extension(session, actor, task.id, {"reason": reason, "work_done": work_done})

    def terminate(self, **form: str) -> None:
        """终止 by the organisation department of the street."""
        with self.begin() as session:
            case = session.get_one(Case, self.case_id)
            department = organisation.department_of(session, case.street_id)
            actor = organisation.actor(session, organisation.members(session, department.id, "staff")[0].id)
            tasks.terminate(session, actor, self.case_id, form)

    def withdraw(self) -> None:
        """撤回 by whoever acted last at the street's organisation department."""
        with self.begin() as session:
            case = session.get_one(Case, self.case_id)
            department = organisation.department_of(session, case.street_id)
            actor = organisation.actor(session, organisation.members(session, department.id, "staff")[0].id)
            tasks.withdraw(session, actor, self.case_id)

    def call_together(self, topic: str) -> None:
        """召集三方协商 for the afternoon, by the organisation department that referred the case."""
        with self.begin() as session:
            plan = {"topic": topic, "day": clock.today().isoformat(), "time": "14:30", "venue": "社区党代表工作室"}
            consulting.call(session, self._convener(session), self.case_id, plan)

    def meet(self, minutes: str, conclusion: str, measure: str, days: int) -> None:
        """The meeting: everybody came and signed on paper; the unit took something on, until so many days from now."""
        with self.begin() as session:
            actor = self._convener(session)
            row = consulting.of_case(session, self.case_id)[0]
            meeting = consulting.meeting(session, actor, row.id)
            for party in meeting.participants:
                came = "演示参会人员" if party.organisation_id is not None else ""
                form = {"presence": "attended", "present_as": came, "view": "同意商定的安排。", "signing": "paper"}
                consulting.note_party(session, actor, row.id, party.id, form)
            unit = next(party.id for party in meeting.participants if party.party == "unit")
            due = (clock.today() + timedelta(days=days)).isoformat()
            consulting.agree(session, actor, row.id, {"text": measure, "participant_id": str(unit), "due_on": due})
        self.do("consultation", decision="held", minutes=minutes, conclusion=conclusion)

    def _convener(self, session: Session) -> Actor:
        case = session.get_one(Case, self.case_id)
        department = organisation.department_of(session, case.street_id)
        return organisation.actor(session, organisation.members(session, department.id, "staff")[0].id)

    def rate_online(self, grade: str, remark: str = "") -> None:
        """评议 by the reporter on the tracking page."""
        with self.begin() as session:
            form = {"grade": grade, "method": "online", "remark": remark}
            tasks.complete_as_reporter(session, session.get_one(Case, self.case_id), form)

    def amend(self, **changes: str) -> None:
        """修改登记表 by the studio, everything else as it was, and on its way again."""
        with self.begin() as session:
            task = self.task(session, "amendment")
            actor = self.actor(session, task)
            tasks.claim(session, actor, task.id)
            shown = {name: str(value) for name, value in tasks.load(session, actor, task.id).values.items()}
            tasks.complete(session, actor, task.id, shown | changes | {"decision": "resubmit"})

    def task(self, session: Session, role: str) -> Task:
        """The open task of that role."""
        found = session.scalars(select(Task).where(Task.case_id == self.case_id, Task.role == role)).first()
        if found is None:
            raise Conflict(f"演示案例 {self.case_id} 没有“{role}”任务。")
        return found

    def actor(self, session: Session, task: Task) -> Actor:
        """Somebody entitled to it."""
        if task.person_id or task.assignee_id:
            return organisation.actor(session, task.person_id or task.assignee_id or 0)
        if task.organisation_id is None:
            raise Conflict(f"任务“{task.name}”没有办理单位。")
        staff = [] if task.duty else organisation.members(session, task.organisation_id, "staff")
        people = staff or organisation.pool_members(session, task.organisation_id, task.duty).people
        return organisation.actor(session, people[0].id)


def names_of(session: Session, studio_id: int, place: str) -> dict[str, str]:
    """What an opinion calls its surroundings."""
    studio = session.get_one(Organisation, studio_id)
    path = organisation.path(session, studio.place_id)
    rungs: tuple[tuple[str, Place | None], ...] = (
        ("community", path.community), ("street", path.street), ("district", path.district),
    )  # fmt: skip
    return {name: found.name if found else "" for name, found in rungs} | {"place": place}
