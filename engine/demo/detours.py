"""Stories of cases that leave the straight way: 分项, 并案, 下转, 退回补正, 重办, a third transfer (R57, R58, R83)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from engine import tasks
from engine.access import Actor
from engine.cases.models import Case
from engine.demo.player import Player, Wakes
from engine.demo.stories import escalated, received_at, reported
from engine.work.models import Task

TWO_MATTERS = {
    "summary": "居民反映小区门口路灯不亮、儿童活动室停用，要求修复和重新开放。",
    "content": (
        "两件事一起反映：一是小区东门外的四盏路灯坏了三个星期，晚上放学的孩子要摸黑走一百多米，上个月还有老人绊倒；"
        "二是社区活动中心一楼的儿童活动室从去年冬天起一直锁着，门上只贴着“设备维护”，附近没有别的地方可去。"
        "希望路灯尽快修好，活动室定一个开放的时间并贴出来。"
    ),
}
ITEMS = ("东门外四盏路灯不亮，要求修复。", "社区儿童活动室长期停用，要求重新开放。")
Item = tuple[str, str]  # what it is about, how the name of its unit ends


def _review(p: Player, act: Callable[[Session, Actor, int], object]) -> None:
    """An act beside the form of the review, by whoever of the department takes it."""
    with p.begin() as session:
        task = p.task(session, "tier_review")
        actor = p.actor(session, task)
        if task.assignee_id is None:
            tasks.claim(session, actor, task.id)
        act(session, actor, task.id)


def _split(p: Player, items: Sequence[Item]) -> None:
    def act(session: Session, actor: Actor, task_id: int) -> None:
        units = tasks.options(session, "units", session.get_one(Case, p.case_id), session.get_one(Task, task_id))
        form = {"basis": "一张登记表反映两件事，分属本级两个单位的职责。"}
        for number, (text, ending) in enumerate(items, 1):
            form[f"text_{number}"] = text
            form[f"unit_{number}"] = next(value for value, label in units if label.endswith(ending))
        tasks.split(session, actor, task_id, form)

    _review(p, act)


def split(p: Player, received: int, units: Sequence[str]) -> Wakes:
    """分项: two matters on one form; the first unit has answered, the second is still at it."""
    yield from reported(p, received + 1, **TWO_MATTERS)
    yield p.on(received, 10)
    _split(p, list(zip(ITEMS, units, strict=True)))
    yield p.on(received, 15)
    p.claim("answer")
    yield p.on(received - 3, 11)
    p.answer(
        "经现场核实，三盏灯因电缆进水短路，一盏灯头损坏。已于昨日更换电缆和灯头，四盏路灯全部恢复，并装设了防水接线盒。",
        "solved",
    )
    yield p.on(received - 3, 16)
    p.do("feedback_check", decision="accept", opinion="路灯一项已答复；活动室一项仍按期限办理。")
    yield p.on(received - 3, 17)
    p.claim("answer")


def joined(p: Player, received: int, times: int) -> Wakes:
    """并案: neighbours registered the same matter; the unit answers once, each of them gets it and rates."""
    others = [replace(p, opinion=replace(p.opinion)) for _ in range(times)]
    yield from reported(p, received + 1)
    for other in others:
        yield p.on(received + 1, 10)
        other.register()
        other.sign()
        other.do("report", decision="report")
    yield p.on(received, 9)
    ids = [other.case_id for other in others]
    _review(p, lambda session, actor, task: tasks.merge(session, actor, task, ids, "反映同一事项，一并答复。"))
    yield p.on(received, 10)
    p.refer()
    yield p.on(received, 15)
    p.claim("answer")


def sent_down(p: Player, received: int) -> Wakes:
    """下转: escalated to the district, which finds that the street can do it."""
    yield from escalated(p, received + 1, "district")
    yield p.on(received, 10)
    reason = {"reason": "该处为街道管养的支路，日常维护属街道职责，请街道转交承办并按期答复。"}
    _review(p, lambda session, actor, task: tasks.send_down(session, actor, task, reason))


def returned_by_street(p: Player, received: int, again: bool = False) -> Wakes:
    """退回补正 by the street; `again`: the studio has completed the form and the case is back at the street."""
    yield from reported(p, received)
    yield p.on(received - 1, 11)
    reason = {"reason": "登记表没有写明具体楼栋和发生时间，承办单位无法核查，请与反映人核实后补正。"}
    _review(p, lambda session, actor, task: tasks.return_to_studio(session, actor, task, reason))
    if again:
        yield p.on(received - 2, 9)
        p.amend(content=f"{p.opinion.content}\n（补正：发生在3栋北侧，近两周每晚九点以后。）")
        yield p.on(received - 2, 15)
        p.sign()


def redone(p: Player, received: int, days: int = 4) -> Wakes:
    """重办: rated 不满意 by all three, the unit has it once more with a limit of its own."""
    yield from received_at(p, received)
    yield p.on(received - days, 11)
    p.answer(text="来件收悉。经了解，该处由物业管理，我单位已转告物业自行处理。", result="explained")
    yield p.on(received - days, 16)
    p.do("feedback_check", decision="accept", opinion="同意答复。")
    yield p.on(received - days - 1, 9)
    p.do("rating_reporter", grade="dissatisfied", method="phone", remark="只说转告物业，没有人来看过，问题还在。")
    yield p.on(received - days - 1, 14)
    p.do("rating_delegate", grade="dissatisfied", remark="答复没有实质内容。")
    yield p.on(received - days - 2, 10)
    p.do("rating_department", grade="dissatisfied", remark="三方意见一致，应当重办。")
    yield p.on(received - days - 2, 15)
    p.do("rating_redo", decision="redo", reason="反映人要求有人到现场，承办单位负责人同意重新办理。")
    yield p.on(received - days - 3, 10)
    p.claim("answer")


def declined_twice(p: Player, received: int, units: Sequence[str]) -> Wakes:
    """退件 twice: the third referral is told to the tier above."""
    yield from received_at(p, received, unit=units[0])
    for ago, unit in enumerate(units[1:], 1):
        yield p.on(received - ago, 11)
        p.do("answer", decision="decline", reason="经核实，该事项不属本单位职责。", suggested_unit=unit)
        yield p.on(received - ago, 15)
        p.refer(unit)
