"""What happens to the cases of the demo. A story yields the moment it goes on at, and acts when its time has come.

`received` counts working days back: the day the handling unit receives (day 0 of article 11), or the day the story
turns on. Everything happens through the use cases; reminders and supervision come from the sweep in between.
"""

from collections.abc import Callable

from engine.demo.player import Player, Wakes

Story = Callable[..., Wakes]
TIERS = ("street", "district", "city", "committee")


# ------------------------------------------------------------------------------------------------ ways to a place


def registered(p: Player, received: int, **changes: str) -> Wakes:
    """Registered, and the form lies before the delegate for signature."""
    yield p.on(received, 9)
    p.register(**changes)


def signed(p: Player, received: int, **changes: str) -> Wakes:
    """Signed by the delegate; the studio has not reported yet."""
    yield from registered(p, received, **changes)
    yield p.on(received, 15)
    p.sign()


def reported(p: Player, received: int, **changes: str) -> Wakes:
    """On the desk of the street's organisation department since `received`."""
    yield from signed(p, received + 1, **changes)
    yield p.on(received, 9)
    p.do("report", decision="report")


def escalated(p: Player, received: int, tier: str) -> Wakes:
    """上报 as far as `tier`, whose organisation department (or committee) has it since `received`."""
    hops = TIERS.index(tier)
    yield from reported(p, received + hops)
    for hop in range(hops - 1, -1, -1):
        yield p.on(received + hop, 14)
        p.escalate()


def received_at(p: Player, received: int, tier: str = "street", unit: str = "", claimed: bool = True) -> Wakes:
    """With the handling unit of `tier` since `received`."""
    if tier == "street":
        yield from reported(p, received + 1)
    else:
        yield from escalated(p, received + 1, tier)
    yield p.on(received, 10)
    p.refer(unit)
    if claimed:
        yield p.on(received, 15)
        p.claim("answer")


def answered(p: Player, received: int, days: int, tier: str = "street", result: str = "") -> Wakes:
    """The unit answered after `days` working days; its organisation department has not checked yet."""
    yield from received_at(p, received, tier)
    yield p.on(received - days, 11)
    p.answer(result=result)


def in_rating(p: Player, received: int, days: int, tier: str = "street") -> Wakes:
    """Answered, accepted, copied: the three parties are asked."""
    yield from answered(p, received, days, tier)
    yield p.on(received - days, 16)
    p.do("feedback_check", decision="accept", opinion="反馈内容清楚，事实和措施具体。")


# ------------------------------------------------------------------------------------------------ stories


def closed(
    p: Player, received: int, days: int = 6, grade: str = "satisfied", tier: str = "street", online: bool = False
) -> Wakes:
    """Answered in time, rated alike by all three, closed."""
    yield from in_rating(p, received, days, tier)
    yield p.on(received - days - 1, 9)
    if online:
        p.rate_online(grade, "工作人员两次上门，说话算数，谢谢。")
    else:
        p.do("rating_reporter", grade=grade, method="phone", remark="联络员电话回访，反映人口头确认。")
    yield p.on(received - days - 1, 14)
    p.do("rating_delegate", grade=grade)
    yield p.on(received - days - 2, 10)
    p.do("rating_department", grade=grade, remark="经会商，三方意见一致。")


def closed_late(p: Player, received: int) -> Wakes:
    """Overdue by three working days, supervised, then answered and closed as fairly satisfied."""
    yield from received_at(p, received)
    yield p.on(received - 11, 9)
    p.do("supervision", instruction="本件已逾期，请说明原因，三个工作日内书面反馈，并向反映人致歉。")
    yield p.on(received - 13, 16)
    p.answer()
    yield p.on(received - 14, 10)
    p.do("feedback_check", decision="accept", opinion="措施可行；今后须按期反馈。")
    yield p.on(received - 15, 9)
    said = "事情办了，就是慢了些。"
    p.do("rating_reporter", grade="fairly_satisfied", method="in_person", signing="paper", remark=said)
    yield p.on(received - 15, 15)
    p.do("rating_delegate", grade="fairly_satisfied")
    yield p.on(received - 16, 10)
    p.do("rating_department", grade="fairly_satisfied")


def on_the_spot(p: Player, received: int, grade: str = "very_satisfied") -> Wakes:
    """当场答复: signed and closed, no limit ever starts."""
    spot = {"settlement": "on_the_spot", "spot_answer": p.opinion.answer, "spot_grade": grade}
    yield from signed(p, received, **spot)


def returned_to_studio(p: Player, received: int) -> Wakes:
    """The delegate returned the form for correction."""
    yield from registered(p, received)
    yield p.on(received, 16)
    p.do("signature", decision="return", reason="反映内容缺少具体楼栋和时间，请与反映人核实后补正。")


def voided(p: Player, received: int) -> Wakes:
    """Registered twice by mistake: returned, then 作废; the number stays."""
    yield from returned_to_studio(p, received)
    yield p.on(received - 1, 9)
    p.do("amendment", decision="void", reason="与前一件重复登记，保留编号作废。")


def reviewed_late(p: Player, received: int) -> Wakes:
    """The street has kept it longer than the transit target."""
    yield from reported(p, received)


def overdue(p: Player, received: int, tier: str = "street", unit: str = "", noted: bool = False) -> Wakes:
    """Not answered in time; the ladder climbs as far as the days go."""
    yield from received_at(p, received, tier, unit)
    if noted:
        yield p.on(received - 11, 10)
        p.do("supervision", instruction="请承办单位负责人亲自过问，两日内报送办理方案和责任人。")


def asking_extension(p: Player, received: int, asked: int, tier: str = "street") -> Wakes:
    """The unit asked for 30 working days; the delegate has not answered."""
    yield from received_at(p, received, tier)
    yield p.on(asked, 15)
    p.request_extension(
        "该事项涉及规划、工务和供电三个部门，管线迁改方案须专家评审，10个工作日内无法完成。",
        "已完成现场勘查和初步设计，召开协调会两次，与反映人当面沟通一次。",
    )


def extended(p: Player, received: int, asked: int, decision: str = "consent", tier: str = "street") -> Wakes:
    """The delegate answered the request the working day after it."""
    yield from asking_extension(p, received, asked, tier)
    yield p.on(asked - 1, 11)
    words = "同意延期，请每十个工作日向反映人通报一次进展。" if decision == "consent" else "事情不复杂，请按期答复。"
    p.do("extension_consent", decision=decision, opinion=words)


def consulted(p: Player, received: int, asked: int) -> Wakes:
    """Extended, and the three parties met about it: the unit took something on, with a date."""
    yield from extended(p, received, asked)
    yield p.on(asked - 2, 10)
    p.call_together("施工期间的临时通行和分段完工时间")
    yield p.on(asked - 2, 17)
    p.meet(
        "承办单位说明了方案和难点，反映人希望先解决夜间通行，市党代表建议分两段施工。",
        "三方同意分两段施工，先恢复夜间照明和人行通道。", "先恢复夜间照明和人行通道", 20,
    )  # fmt: skip


def asked_too_late(p: Player, received: int) -> Wakes:
    """An extension asked for after the limit: recorded, nothing changes."""
    yield from received_at(p, received)
    yield p.on(received - 11, 15)
    p.request_extension("承办人员出差，未能及时答复。", "已电话联系反映人，约定现场查看时间。")


def declined(p: Player, received: int, again: str = "") -> Wakes:
    """退件 within two working days; referred to another unit when `again` names one."""
    yield from received_at(p, received)
    yield p.on(received - 1, 16)
    p.do(
        "answer", decision="decline", reason="经核实，该路段管养权不属本单位，建议转交规划建设科办理。",
        suggested_unit="规划建设科",
    )  # fmt: skip
    if again:
        yield p.on(received - 2, 10)
        p.refer(again)


def answer_returned(p: Player, received: int) -> Wakes:
    """The answer was no answer: returned to the unit, the clock was never stopped."""
    yield from received_at(p, received)
    yield p.on(received - 5, 11)
    p.answer(text="来件收悉，我单位高度重视，已列入日常管理，将持续加强巡查。", result="explained")
    yield p.on(received - 6, 10)
    p.do("feedback_check", decision="return", opinion="没有说明现场情况、措施和完成时间，不能作为答复，请重办。")


def letter_waiting(p: Player, received: int) -> Wakes:
    """A reporter without telephone: the studio still has to bring the printed answer."""
    yield from received_at_without_phone(p, received)
    yield p.on(received - 5, 11)
    p.answer()
    yield p.on(received - 6, 10)
    p.do("feedback_check", decision="accept")


def received_at_without_phone(p: Player, received: int) -> Wakes:
    """As `received_at`, from somebody who can only be reached by letter."""
    yield from reported(p, received + 1, reporter_phone="", reporter_age="83")
    yield p.on(received, 10)
    p.refer()
    yield p.on(received, 15)
    p.claim("answer")


def half_rated(p: Player, received: int, days: int = 5) -> Wakes:
    """Delegate and studio wait for nobody but the reporter: the tracking page asks for the grade."""
    yield from in_rating(p, received, days)
    yield p.on(received - days - 1, 10)
    p.do("rating_delegate", grade="satisfied")


def disagreed(p: Player, received: int, days: int = 6) -> Wakes:
    """评议分歧: the reporter is not satisfied, the others are; consultation is open."""
    yield from in_rating(p, received, days)
    yield p.on(received - days - 1, 9)
    p.do("rating_reporter", grade="dissatisfied", method="phone", remark="只修了一半，另一半没有说什么时候修。")
    yield p.on(received - days - 1, 15)
    p.do("rating_delegate", grade="satisfied")
    yield p.on(received - days - 2, 10)
    p.do("rating_department", grade="satisfied")


def agreed_after_talk(p: Player, received: int) -> Wakes:
    """评议分歧, then an agreed grade after consultation, closed."""
    yield from disagreed(p, received)
    yield p.on(received - 9, 15)
    p.do(
        "rating_consultation", grade="fairly_satisfied",
        remark="三方在社区党代表工作室会商，承办单位承诺下月底前完成剩余部分，反映人同意评为基本满意。",
        reporter_signing="paper", delegate_signing="paper",
    )  # fmt: skip


def terminated(p: Player, received: int, kind: str, reason: str, to: str) -> Wakes:
    """终止 by the street's organisation department (R117)."""
    yield from reported(p, received)
    yield p.on(received - 1, 11)
    p.terminate(kind=kind, reason=reason, referred_to=to)


def taken_back(p: Player, received: int) -> Wakes:
    """Referred to the wrong unit, taken back at once (撤回), referred again."""
    yield from received_at(p, received, unit="党政综合科", claimed=False)
    yield p.on(received, 11)
    p.withdraw()
    yield p.on(received, 14)
    p.refer()


def instructed(p: Player, received: int, decision: str, unit: str = "") -> Wakes:
    """Up to the city committee, whose instruction sends it to a unit, to the city department, or on file."""
    yield from escalated(p, received + 1, "committee")
    yield p.on(received, 11)
    p.instruct(decision, unit)
