"""Papers of article 10 and 11: 转交单, 退件单, 延期申请单, 答复函, 抄送送达单. Every value is a row's, none is typed
again."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor
from engine.cases.models import Case, CaseDelegate
from engine.errors import NotFound
from engine.feedback.models import Copy, Feedback
from engine.handlings.models import Extension, ExtensionView, Handling, Review
from engine.organisation.models import Organisation
from engine.printing.letters import SEAL_HERE, SIGN_HERE, YEAR_HERE, Letter, boxes, paper
from engine.printing.render import Paper, minute, prose, word
from engine.printing.reporter import HIDDEN
from engine.printing.subject import Subject, subject

BELOW = {"district": "street", "city": "district", "committee": "city"}
CONSENT = {"consented": "同意", "settled_yes": "同意", "refused": "不同意", "settled_no": "不同意"}
WAYS = {
    "main": "书面反馈送达", "inbox": "系统内送达", "sms": "短信", "mail": "电子邮件",
    "letter": "邮寄或当面送达纸质答复", "relay": "由工作室转达",
}  # fmt: skip
PARTIES = {"department": "同级组织部门", "reporter": "反映人", "delegate": "市党代表", "studio": "党代表工作室"}


def _handling(session: Session, actor: Actor, handling_id: int) -> tuple[Subject, Handling]:
    handling = session.get(Handling, handling_id)
    if handling is None:
        raise NotFound
    return subject(session, actor, handling.case_id), handling


def _came_from(about: Subject, handling: Handling) -> str:
    """Who sent the case to the referring department: the studio, or the department below (article 10)."""
    below = BELOW.get(handling.tier)
    if below is None:
        return about.case.studio_name
    place = about.case.street_id if below == "street" else about.case.district_id
    query = select(Organisation.name).where(Organisation.kind == "department", Organisation.tier == below)
    query = query if below == "city" else query.where(Organisation.place_id == place)
    return about.session.scalars(query).first() or ""


def _arrived(case: Case, handling: Handling) -> str:
    reached = {
        "street": case.sent_street_at, "district": case.sent_district_at, "city": case.sent_city_at,
    }  # fmt: skip
    return prose(reached.get(handling.tier) or handling.received_at)


def referral(session: Session, actor: Actor, handling_id: int) -> Paper:
    """转交单 with its receipt, to the unit (R50, R59)."""
    about, handling = _handling(session, actor, handling_id)
    case, review = about.case, _review(session, handling)
    department = about.organisation(handling.department_id)
    files = about.attached()
    text = handling.item_text or case.summary
    rows = [
        ("编号", about.number(handling)),
        ("来文单位", _came_from(about, handling)),
        ("来文日期", _arrived(case, handling)),
        ("反映人", f"{about.person.name}　{about.person.phone}".strip()),
        ("内容摘要", f"{text}\n（附登记表1份，附件{files}份）"),
        ("转交依据", review.basis if review else ""),
        ("办理要求", review.requirement if review else ""),
        ("答复时限", f"自收到来文之日（{prose(handling.received_on)}）起{about.limit(handling)}个工作日内"),
        ("截止日", prose(about.due(handling, extended=False))),
        ("反馈对象", f"书面反馈{department}，同时抄送反映人、市党代表和{case.studio_name}"),
        ("经办人", about.contact(review.decided_by_id) if review else ""),
        ("负责人", SIGN_HERE),
    ]
    stub = [
        ("转交单文号", handling.document_number),
        ("编号", about.number(handling)),
        ("承办单位", about.organisation(handling.unit_id)),
        ("收文号", handling.receipt_number),
        ("收到日期", prose(handling.signed_at or None, YEAR_HERE)),
        ("办理人员", about.name(handling.handler_id)),
        ("签收", SEAL_HERE),
    ]
    letter = Letter(
        title="党员群众意见建议转交单", issuer=department, number=handling.document_number,
        to=about.organisation(handling.unit_id),
        opening=("现将党员群众通过市党代表反映的意见建议转交你单位办理，请按期书面反馈。",),
        rows=rows, signer=department, on=clock.local(handling.received_at).date(), stub=("回执联", stub),
    )  # fmt: skip
    return paper(letter, about.number(handling), case.id)


def _review(session: Session, handling: Handling) -> Review | None:
    """The decision that referred it: the newest one about this unit until the unit received it."""
    query = select(Review).where(
        Review.case_id == handling.case_id, Review.unit_id == handling.unit_id, Review.withdrawn.is_(False),
        Review.decided_at <= handling.received_at,
    )  # fmt: skip
    return session.scalars(query.order_by(Review.id.desc())).first()


def decline(session: Session, actor: Actor, handling_id: int) -> Paper:
    """退件单: the unit sends the case back and says to whom it belongs (R57). NotFound unless it was declined."""
    about, handling = _handling(session, actor, handling_id)
    if handling.state != "declined":
        raise NotFound
    unit = about.organisation(handling.unit_id)
    rows = [
        ("编号", about.number(handling)),
        ("转交单文号", handling.document_number),
        ("内容摘要", handling.item_text or about.case.summary),
        ("退件理由", handling.close_reason),
        ("建议承办单位", handling.suggested_unit),
        ("收到日", prose(handling.received_on)),
        ("退件日", prose(handling.declined_at)),
        ("负责人", SIGN_HERE),
        ("组织部门意见", SEAL_HERE),
    ]
    letter = Letter(
        title="党员群众意见建议退件单", issuer=unit, to=about.organisation(handling.department_id),
        opening=("经研究，下列意见建议不属本单位管理权限，现予退回。",), rows=rows, signer=unit,
        on=clock.local(handling.declined_at).date() if handling.declined_at else None,
    )  # fmt: skip
    return paper(letter, about.number(handling), about.case.id)


def extension(session: Session, actor: Actor, extension_id: int) -> Paper:
    """延期申请单 with the delegate's yes or no (R62–R64)."""
    request = session.get(Extension, extension_id)
    if request is None:
        raise NotFound
    about, handling = _handling(session, actor, request.handling_id)
    unit = about.organisation(handling.unit_id)
    rows = [
        ("编号", about.number(handling)),
        ("收到日", prose(handling.received_on)),
        ("原截止日", prose(about.due(handling, extended=False))),
        ("申请截止日", prose(about.due(handling, extended=True))),
        ("特殊情况说明", request.reason),
        ("已做工作", request.work_done),
        ("商市党代表经过", _asked(about, request)),
        ("党代表意见", _said(about, request)),
        ("联名党代表意见", _cosigners(session, about, request)),
        ("组织部门意见", request.settlement),
        ("承办单位负责人", SEAL_HERE),
        ("告知反映人", "　　　　　　　　　（方式）" + YEAR_HERE),
    ]
    keep = {"联名党代表意见", "组织部门意见"}  # only where there are any
    letter = Letter(
        title="延期办理申请单", issuer=unit, to=f"{about.leader(request.requested_at)}代表",
        rows=[row for row in rows if row[1] or row[0] not in keep], signer=unit,
        on=clock.local(request.requested_at).date(), copied=about.organisation(handling.department_id),
    )  # fmt: skip
    return paper(letter, about.number(handling), about.case.id)


def _asked(about: Subject, request: Extension) -> str:
    who = about.contact(request.requested_by_id)
    said = [f"{minute(request.requested_at)}由{who}提出申请。"]
    if request.recorded_by_id:
        said.append(f"{about.name(request.recorded_by_id)}电话征询并记录：{request.call_note}")
        said.append(f"代表本人于{minute(request.confirmed_at)}确认。" if request.confirmed_at else "待代表本人确认。")
    return "\n".join(said)


def _said(about: Subject, request: Extension) -> str:
    lines = [boxes(CONSENT.get(request.decision), "同意", "不同意") + ("（逾期后答复）" if request.late else "")]
    if request.opinion:
        lines.append(request.opinion)
    if request.decided_at:
        lines.append(f"签名：{about.leader(request.decided_at)}　{prose(request.decided_at)}")
    else:
        lines.append(f"签名：{SIGN_HERE}")
    return "\n".join(lines)


def _cosigners(session: Session, about: Subject, request: Extension) -> str:
    if not about.case.several_delegates:
        return ""
    query = select(ExtensionView).where(ExtensionView.extension_id == request.id).order_by(ExtensionView.id)
    said = {row.person_id: row for row in session.scalars(query)}
    signers = session.scalars(
        select(CaseDelegate).where(CaseDelegate.case_id == about.case.id, CaseDelegate.role == "cosigner")
    )
    lines = []
    for signer in signers:
        row = said.get(signer.person_id)
        view = (("不同意" if row.objects else "同意") + (f"：{row.text}" if row.text else "")) if row else "未表示意见"
        lines.append(f"{signer.name}：{view}")
    return "\n".join(lines)


def _feedback(session: Session, actor: Actor, feedback_id: int) -> tuple[Subject, Handling, Feedback]:
    feedback = session.get(Feedback, feedback_id)
    if feedback is None or feedback.state == "withdrawn":
        raise NotFound
    about, handling = _handling(session, actor, feedback.handling_id)
    return about, handling, feedback


def answer(session: Session, actor: Actor, feedback_id: int) -> Paper:
    """答复函 to the organisation department of the unit's own tier, with the sheet for opinions (R65, R67)."""
    about, handling, feedback = _feedback(session, actor, feedback_id)
    case, unit = about.case, about.organisation(handling.unit_id)
    known = about.person.name not in (HIDDEN, "不署名")
    who = about.person.name if known else "群众"
    letter = Letter(
        title=f"关于{who}反映{word(case.matter, 'matter')}问题的答复", issuer=unit, number=feedback.number,
        to=about.organisation(handling.department_id),
        opening=(
            (
                f"你部门{prose(handling.received_on)}转来的{who}通过市党代表{case.delegate_name}反映的意见建议"
                f"（编号：{about.number(handling)}）收悉。现将办理情况答复如下："
            ),
            f"反映事项：{handling.item_text or case.summary}",
        ),
        text=(*feedback.text.splitlines(), f"办理结果：{word(feedback.result, 'result')}。", "特此答复。"),
        signer=unit, on=clock.local(feedback.delivered_at).date(),
        contact=feedback.contact or about.contact(feedback.author_id),
        copied=f"{who if known else '反映人'}，市党代表{about.leader(feedback.delivered_at)}，{case.studio_name}",
        stub=("征询意见", [
            ("编号", about.number(handling)),
            ("办理情况评价", boxes(None, "非常满意", "满意", "基本满意", "不满意")),
            ("意见", "\n\n"),
            ("反映人签名", SIGN_HERE),
        ]),
    )  # fmt: skip
    return paper(letter, about.number(handling), case.id)


def delivery(session: Session, actor: Actor, feedback_id: int) -> Paper:
    """抄送送达单: who got the answer, how and when, and the proof (R66)."""
    about, handling, feedback = _feedback(session, actor, feedback_id)
    rows = [
        (
            _addressee(about, copy), WAYS.get(copy.channel, copy.channel), minute(copy.delivered_at, "　年　月　日"),
            _proof(about, copy),
            about.name(copy.recorded_by_id) or ("系统" if copy.delivered_at else ""),
        )
        for copy in session.scalars(select(Copy).where(Copy.feedback_id == feedback.id).order_by(Copy.id))
        if copy.state != "withdrawn"
    ]  # fmt: skip
    unit = about.organisation(handling.unit_id)
    letter = Letter(
        title="书面反馈抄送送达单", issuer=unit,
        rows=(("编号", about.number(handling)), ("答复函文号", feedback.number), ("承办单位", unit),
              ("答复日期", prose(feedback.delivered_at))),
        table=(("受送达人", "方式", "时间", "签收或邮件号", "经办人"), rows),
    )  # fmt: skip
    return paper(letter, about.number(handling), about.case.id)


def _proof(about: Subject, copy: Copy) -> str:
    """What proves a delivery, or why it failed; the reporter's is not for a reader who shall not know him (A28)."""
    secret = copy.addressee == "reporter" and about.person.name == HIDDEN
    failed = f"未送达：{copy.failure} {copy.next_step}".strip() if copy.state == "failed" else ""
    return HIDDEN if copy.proof and secret else copy.proof or failed


def _addressee(about: Subject, copy: Copy) -> str:
    if copy.addressee == "reporter":
        return f"反映人 {about.person.name}"
    name = about.organisation(copy.organisation_id) or about.name(copy.person_id)
    return f"{PARTIES.get(copy.addressee, '')} {name}".strip()
