"""Operations of the three-party consultation (article 12 「召集反映人、市党代表和承办单位三方进行协商」, R77)."""

from typing import Any

from engine.catalogue import meeting, telling
from engine.catalogue.act import Act
from engine.errors import Invalid


def invite(act: Act) -> None:
    """The invitations: to the reporter by text message where there is a mobile number (else the convener phones), to
    delegate, unit and convener in their messages. The limit of the handling runs on (A29)."""
    row = meeting.consultation(act)
    for party in meeting.participants(act):
        if party.party == "reporter":
            notice = telling.reporter(act, "consultation_invitation")
        elif party.person_id is not None:
            telling.person(act, "consultation_invitation", party.person_id)
            notice = act.notices[-1]
        else:
            telling.organisation(act, "consultation_invitation", party.organisation_id)
            notice = act.notices[-1]
        if notice is not None:
            act.batch.insert_new(notice)
            act.batch.send()
            party.notice_id = notice.id
    act.history = act.record(
        "consultation_called", result=f"{act.form.get('meeting', '')} {row.venue}"[:80], opinion=row.topic
    )


def close(act: Act) -> dict[str, Any]:
    """结束协商: only with the presence of each party or why it was absent, and the hand of each that came. What was
    agreed becomes tasks with their dates."""
    row = meeting.consultation(act)
    cancelled = act.form.get("decision") == "cancelled"
    agreed = meeting.measures(act)
    if cancelled and agreed:
        raise Invalid("已经记录了商定事项，不能取消协商。请先删去商定事项，或按已经协商结束。")
    if not cancelled:
        _complete(act)
    row.state = "cancelled" if cancelled else "held"
    row.minutes, row.conclusion = str(act.form.get("minutes", "")), str(act.form.get("conclusion", ""))
    row.closed_by_name, row.closed_at = act.require_actor().name, act.now
    act.history = act.record(
        "consultation_closed", result="已取消" if cancelled else f"商定 {len(agreed)} 项",
        opinion=str(act.form.get("reason", "")) if cancelled else row.conclusion,
    )  # fmt: skip
    if cancelled:
        row.conclusion = str(act.form.get("reason", ""))
    return {"measures": [item.id for item in agreed], "several": bool(agreed)}


def _complete(act: Act) -> None:
    parties = meeting.participants(act)
    if silent := "、".join(party.name for party in parties if not party.presence):
        raise Invalid(f"还没有记录到场情况：{silent}。请逐一记录到场，或缺席的理由。")
    if unsigned := "、".join(
        party.name for party in parties if party.presence == "attended" and party.signature_id is None
    ):
        raise Invalid(f"到场的还没有签名：{unsigned}。请签名后再结束协商。")


def fulfil(act: Act) -> dict[str, Any]:
    """落实商定事项, with its result; the convener is told by the history."""
    row = meeting.measure(act)
    row.result = str(act.form.get("result", ""))
    row.done_by_name, row.done_at = act.require_actor().name, act.now
    act.history = act.record("measure_done", result=row.text[:80], opinion=row.result)
    return {}


def measure_late(act: Act) -> None:
    """The agreed date has passed: whoever took it on and the convener are told; nothing else happens."""
    row, party = meeting.measure(act), meeting.responsible(act)
    act.record("measure_late", result=row.text[:80])
    act.form = dict(act.form) | {"topic": row.text}
    if party.person_id is not None:
        telling.person(act, "measure_late", party.person_id)
    else:
        telling.organisation(act, "measure_late", party.organisation_id)
    convener = meeting.consultation(act).convener_id
    if party.organisation_id != convener:
        telling.organisation(act, "measure_late", convener)
