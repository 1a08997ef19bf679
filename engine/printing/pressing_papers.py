"""Papers of article 12: 催办通知, 督办通知单, 三方协商记录; of article 10: the 汇总表 a studio sends with its forms."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access, clock
from engine.access import Actor, Verb
from engine.cases.models import Case, Signature
from engine.cases.signing import METHODS
from engine.consultations.models import Consultation, Measure, Participant
from engine.errors import NotFound
from engine.feedback.models import Feedback
from engine.handlings.models import Handling, Reminder, Supervision
from engine.organisation import queries as organisation
from engine.printing.letters import SEAL_HERE, SIGN_HERE, YEAR_HERE, Letter, paper
from engine.printing.render import Paper, minute, prose, word
from engine.printing.reporter import HIDDEN
from engine.printing.subject import Subject, subject
from engine.reports.models import ReportBatch, ReportItem
from engine.supervision.models import Slip

COLOURS = {"blue": "蓝", "yellow": "黄", "red": "红"}
STEPS = ("黄色督办（到期未答复）", "红色督办（逾期5个工作日）", "红色督办（逾期10个工作日）")
ORDERED = "请在限期内书面回复督办单位，并按办法规定书面反馈、抄送各方。"
PARTIES = {"reporter": "反映人", "delegate": "市党代表", "unit": "承办单位", "convener": "召集单位"}


def _about(session: Session, actor: Actor, handling_id: int) -> tuple[Subject, Handling]:
    handling = session.get_one(Handling, handling_id)
    return subject(session, actor, handling.case_id), handling


def _standing(about: Subject, handling: Handling, on: datetime) -> str:
    """剩余 / 逾期 working days at the moment of the paper."""
    day, due = clock.local(on).date(), about.due(handling)
    if day > due:
        return f"逾期{about.passed(due, day)}个工作日"
    return f"剩余{about.passed(day, due)}个工作日"


def _urged(session: Session, handling: Handling, before: datetime) -> tuple[int, str]:
    """How often the unit was urged until then, by people and by the system, and when."""
    mine = (Slip.handling_id == handling.id, Slip.kind == "urge", Slip.issued_at <= before)
    moments = list(session.scalars(select(Slip.issued_at).where(*mine)))
    sent = (Reminder.handling_id == handling.id, Reminder.sent.is_(True), Reminder.fired_at <= before)
    moments += session.scalars(select(Reminder.fired_at).where(*sent))
    return len(moments), "、".join(prose(moment) for moment in sorted(moments))


def urge(session: Session, actor: Actor, slip_id: int) -> Paper:
    """催办通知 of a department or studio."""
    slip = session.get(Slip, slip_id)
    if slip is None or slip.kind != "urge":
        raise NotFound
    about, handling = _about(session, actor, slip.handling_id)
    issuer = about.organisation(slip.organisation_id) or about.organisation(slip.department_id)
    return _urging(about, handling, issuer, slip.author_name, slip.issued_at, slip.text)


def reminder(session: Session, actor: Actor, reminder_id: int) -> Paper:
    """催办通知 of the system, before the limit ends (R70); NotFound for one that was superseded and never sent."""
    row = session.get(Reminder, reminder_id)
    if row is None or not row.sent:
        raise NotFound
    about, handling = _about(session, actor, row.handling_id)
    return _urging(about, handling, about.organisation(handling.department_id), "系统自动催办", row.fired_at, "")


def _urging(about: Subject, handling: Handling, issuer: str, author: str, at: datetime, text: str) -> Paper:
    times, _moments = _urged(about.session, handling, at)
    unit = about.organisation(handling.unit_id)
    rows = [
        ("编号", about.number(handling)),
        ("承办单位", unit),
        ("内容摘要", handling.item_text or about.case.summary),
        ("截止日", prose(about.due(handling))),
        ("剩余或逾期", _standing(about, handling, at)),
        ("催办次数", f"第{times}次"),
        ("回复要求", text or "请抓紧办理，于截止日前书面反馈，并抄送反映人、市党代表和党代表工作室。"),
        ("经办人", author),
    ]
    letter = Letter(
        title="催办通知", issuer=issuer, to=unit, rows=rows, signer=issuer,
        on=clock.local(at).date(),
    )  # fmt: skip
    return paper(letter, about.number(handling), about.case.id)


def order(session: Session, actor: Actor, slip_id: int) -> Paper:
    """督办通知单 of an organisation department, or a delegate's 督办意见 (R69, R74)."""
    slip = session.get(Slip, slip_id)
    if slip is None or slip.kind == "urge":
        raise NotFound
    about, handling = _about(session, actor, slip.handling_id)
    level = f"{COLOURS[slip.colour]}色督办" if slip.colour else "市党代表督办意见"
    issuer = about.organisation(slip.organisation_id)
    rows = [
        *_state(about, handling, level, slip.issued_at),
        ("督办要求", slip.text),
        ("限期", prose(slip.required_on, YEAR_HERE)),
        ("反馈要求", ORDERED),
        *([("办理单位回复", slip.reply)] if slip.reply else []),
        ("签发人", slip.author_name),
    ]
    return _ordering(about, handling, issuer, slip.number, rows, slip.issued_at)


def supervision(session: Session, actor: Actor, supervision_id: int) -> Paper:
    """督办通知单 of the ladder: raised by itself when the limit has passed (R69)."""
    row = session.get(Supervision, supervision_id)
    if row is None:
        raise NotFound
    about, handling = _about(session, actor, row.handling_id)
    rows = [
        *_state(about, handling, STEPS[min(row.step, 2)], row.fired_at),
        ("督办要求", row.instruction or "请立即办理并书面反馈，说明逾期原因。"),
        ("限期", YEAR_HERE),
        ("反馈要求", ORDERED),
        ("签发人", SIGN_HERE),
    ]
    return _ordering(about, handling, about.organisation(row.organisation_id), "", rows, row.fired_at)


def _state(about: Subject, handling: Handling, level: str, at: datetime) -> list[tuple[str, str]]:
    """事由, how long it took, and the four tracked items as they stood (R75)."""
    times, moments = _urged(about.session, handling, at)
    passed = about.passed(handling.received_on, clock.local(at).date())
    return [
        ("编号", about.number(handling)),
        ("督办级别", level),
        ("事由", handling.item_text or about.case.summary),
        ("已历时", f"{prose(handling.received_on)}收到，已{passed}个工作日，{_standing(about, handling, at)}"),
        ("历次催办", f"{times}次：{moments}" if times else "无"),
        ("办理方案", handling.plan or "未报"),
        ("办理人员", about.name(handling.handler_id) or "未明确"),
        ("办理时限", f"截止日{prose(about.due(handling))}" + ("（已同意延期）" if handling.extended else "")),
        ("办理结果", _result(about, handling, at)),
    ]


def _ordering(
    about: Subject, handling: Handling, issuer: str, number: str, rows: list[tuple[str, str]], at: datetime
) -> Paper:
    case = about.case
    letter = Letter(
        title="督办通知单", issuer=issuer, number=number, to=about.organisation(handling.unit_id), rows=rows,
        signer=issuer, on=clock.local(at).date(), copied=f"市党代表{about.leader(at)}，{case.studio_name}",
    )  # fmt: skip
    return paper(letter, about.number(handling), case.id)


def _result(about: Subject, handling: Handling, at: datetime) -> str:
    query = select(Feedback).where(Feedback.handling_id == handling.id, Feedback.delivered_at <= at)
    row = about.session.scalars(query.order_by(Feedback.id.desc())).first()
    if row is None or row.state == "withdrawn":
        return "未书面反馈"
    return f"{prose(row.delivered_at)}书面反馈（{word(row.result, 'result')}）" + (
        "，已退回重办" if row.state == "returned" else ""
    )


def consultation(session: Session, actor: Actor, consultation_id: int) -> Paper:
    """三方协商记录: who met, what each said, what was agreed until when, three signatures (R77)."""
    meeting = session.get(Consultation, consultation_id)
    if meeting is None:
        raise NotFound
    about = subject(session, actor, meeting.case_id)
    parties = session.scalars(
        select(Participant).where(Participant.consultation_id == meeting.id).order_by(Participant.id)
    ).all()
    measures = session.scalars(select(Measure).where(Measure.consultation_id == meeting.id).order_by(Measure.id)).all()
    who = {row.id: PARTIES.get(row.party, "") for row in parties}
    agreed = [
        f"{n}. {who.get(row.participant_id, '')}：{row.text}（{prose(row.due_on)}前）"
        for n, row in enumerate(measures, 1)
    ]
    rows = [
        ("编号", about.case.number),
        ("时间", minute(meeting.meets_at)),
        ("地点", meeting.venue),
        ("召集单位", meeting.convener_name),
        ("参加各方", "\n".join(_present(about, row) for row in parties)),
        ("议题", meeting.topic),
        *((f"{PARTIES.get(row.party, '')}意见", row.view) for row in parties if row.party != "convener"),
        ("会议记录", meeting.minutes),
        ("结论与时限", "\n".join([meeting.conclusion, *agreed]).strip()),
        *((f"{PARTIES.get(row.party, '')}签名", _hand(about, row)) for row in parties if row.party != "convener"),
    ]
    letter = Letter(title="三方协商记录", issuer=meeting.convener_name, rows=rows)
    return paper(letter, about.case.number, about.case.id)


def _present(about: Subject, row: Participant) -> str:
    name = about.person.name if row.party == "reporter" else row.name
    if _secret(about, row):
        return f"{PARTIES['reporter']}：{HIDDEN}"
    words = {"attended": "到会", "absent": "未到会"}.get(row.presence, "")
    more = row.present_as or row.absence_reason
    return f"{PARTIES.get(row.party, '')}：{name}" + (f"（{words}{'，' + more if more else ''}）" if words else "")


def _secret(about: Subject, row: Participant) -> bool:
    """Is this the reporter, whom this reader shall not know (A28)?"""
    return row.party == "reporter" and about.person.name == HIDDEN


def _hand(about: Subject, row: Participant) -> str:
    signed = about.session.get(Signature, row.signature_id) if row.signature_id else None
    if signed is None:
        return SIGN_HERE if row.presence != "absent" else f"未到会：{row.absence_reason}"
    if _secret(about, row):
        return f"{HIDDEN}　{prose(signed.signed_at)}"
    witness = f"；见证人：{signed.witness}" if signed.witness else ""
    return f"{signed.name}（{METHODS[signed.method]}{witness}）　{prose(signed.signed_at)}"


def cover(session: Session, actor: Actor, batch_id: int) -> Paper:
    """汇总表: the forms a studio reports to its street in one go, numbered (R48)."""
    batch = session.get(ReportBatch, batch_id)
    if batch is None:
        raise NotFound
    access.require(actor, Verb.LEDGER_READ, organisation.organisation_scope(session, batch.studio_id))
    query = select(ReportItem, Case).join(Case, Case.id == ReportItem.case_id)
    query = query.where(ReportItem.batch_id == batch.id, ReportItem.position > 0).order_by(ReportItem.position)
    rows = [
        (str(item.position), case.number, case.reporter_name or "不署名", case.summary, case.delegate_name)
        for item, case in session.execute(query)
    ]
    letter = Letter(
        title="党员群众意见建议汇总表", number=batch.number, to=batch.receiver_name,
        opening=(f"现将我工作室整理汇总的党员群众意见建议{len(rows)}件报上，请审阅。",),
        table=(("序号", "编号", "反映人", "内容摘要", "市党代表"), rows), signer=batch.studio_name,
        on=clock.local(batch.at).date(), contact=batch.by_name,
        stub=("签收", [("文号", batch.number), ("件数", f"{len(rows)}件"), ("签收", SEAL_HERE)]),
    )  # fmt: skip
    return paper(letter, batch.number, None)
