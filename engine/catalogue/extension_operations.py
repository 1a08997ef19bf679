"""Operations of 延期: asking, the delegate's word, the co-signers' objection, settling it (article 11, R61–R64)."""

from typing import Any

from engine.catalogue import telling
from engine.catalogue.act import Act
from engine.catalogue.handling_operations import limit_day, limit_end
from engine.errors import Forbidden, Invalid
from engine.handlings import operations as handlings
from engine.handlings.models import Extension, ExtensionView


def open_extension(act: Act, reason: str, work_done: str) -> Extension:
    """Record a unit's request; telling and waiting for the delegate follow in the diagram (R62)."""
    extension = Extension(
        handling_id=act.current_handling().id,
        reason=reason,
        work_done=work_done,
        requested_by_id=act.require_actor().person_id,
        requested_at=act.now,
    )
    act.session.add(extension)
    return extension


def decide(act: Act) -> dict[str, Any]:
    """The signing delegate's yes or no; nobody answers for him; late consent leaves the case overdue (R61–R63).

    With `call_note` in the form (put there by tasks.record_consent only) the studio writes down what he said on the
    telephone. A yes against a co-signer's written objection goes to the department first (R64)."""
    actor, handling = act.require_actor(), act.current_handling()
    note = str(act.form.get("call_note", ""))
    if not note and actor.person_id != act.case.delegate_person_id:
        raise Forbidden("同意延期")
    extension = handlings.pending_extension(act.session, handling.id)
    if extension is None:
        raise Invalid("延期申请已经处理，不能重复答复。")
    consent = act.form.get("decision") == "consent"
    extension.opinion, extension.decided_at = str(act.form.get("opinion", "")), act.now
    if note:
        extension.recorded_by_id, extension.call_note = actor.person_id, note
        telling.delegate(act, "extension_phone")
    else:
        extension.decided_by_id = actor.person_id
    said = "；".join(filter(None, (extension.opinion, f"电话答复，工作室记录：{note}" if note else "")))
    if consent and act.case.several_delegates and handlings.objected(act.session, extension.id):
        extension.decision = "disputed"
        act.history = act.record("extension_disputed", opinion=said)
        return {"decision": "disputed"}
    if consent:
        grant(act, extension, "consented", said)
    else:
        extension.decision = "refused"
        act.history = act.record("extension_refused", opinion=said)
    telling.organisation(act, "extension_decided", handling.unit_id)
    telling.reporter(act, "extension_decided")
    return {"decision": "consent" if consent else "refuse"}


def grant(act: Act, extension: Extension, decision: str, said: str) -> None:
    """30 working days from the same receipt; consent after the first limit leaves the case overdue."""
    handling = act.current_handling()
    extension.decision, extension.late = decision, act.now >= limit_end(act)
    act.history = act.record("extension_consented_late" if extension.late else "extension_consented", opinion=said)
    _move(act, True, "经商市党代表同意延期（第十一条）")
    handling.limit_version += 1


def _move(act: Act, extended: bool, reason: str) -> None:
    """The limit in force changes: say from when to when, and ask the waiting timers again."""
    handling, before = act.current_handling(), limit_day(act)
    handling.extended = extended
    act.recompute = reason
    act.record(
        "deadline_moved",
        result=f"{before:%Y-%m-%d} → {limit_day(act):%Y-%m-%d}",
        opinion=reason,
        data={"old": before.isoformat(), "new": limit_day(act).isoformat()},
    )


def arbitrate(act: Act) -> dict[str, Any]:
    """The department notes how the delegates' disagreement was settled; only then is the limit extended (R64)."""
    handling, note = act.current_handling(), str(act.form.get("opinion", ""))
    extension = handlings.disputed_extension(act.session, handling.id)
    if extension is None:  # the delegate has denied his word meanwhile
        act.history = act.record("extension_settled", result="不延期", opinion=note)
        return {"decision": "keep"}
    extend = act.form.get("decision") == "extend"
    extension.settlement = note
    settled = act.record("extension_settled", result="延期" if extend else "不延期", opinion=note)
    if extend:
        grant(act, extension, "settled_yes", note)
    else:
        extension.decision = "settled_no"
    act.history = settled
    telling.organisation(act, "extension_decided", handling.unit_id)
    telling.delegate(act, "extension_decided")
    telling.reporter(act, "extension_decided")
    return {"decision": "extend" if extend else "keep"}


def view(act: Act, extension: Extension, objects: bool, text: str) -> None:
    """A co-signer's word on a request, in writing. An objection after the extension was granted is noted and the
    department is told; the leading delegate's word stands (R64, A7)."""
    actor = act.require_actor()
    act.session.add(
        ExtensionView(
            extension_id=extension.id, person_id=actor.person_id, name=actor.name, objects=objects, text=text,
            at=act.now,
        )
    )  # fmt: skip
    act.history = act.record("cosigner_objected" if objects else "cosigner_agreed", opinion=text)
    if objects and extension.decision:
        telling.organisation(act, "extension_objected", act.current_handling().department_id)


def confirm(act: Act, extension: Extension) -> None:
    """The delegate stands by what the studio wrote down."""
    extension.confirmed_at, extension.decided_by_id = act.now, act.require_actor().person_id
    act.history = act.record("extension_confirmed", opinion=str(act.form.get("opinion", "")))


def deny(act: Act, extension: Extension) -> None:
    """The delegate did not say so: the record is void, the limit goes back, the department is told (R63). The caller
    asks the waiting timers again."""
    handling, note = act.current_handling(), str(act.form.get("opinion", ""))
    granted = handling.extended and extension.decision in ("consented", "settled_yes")
    extension.decision, extension.confirmed_at = "denied", act.now
    act.history = act.record("extension_denied", opinion=note)
    if granted:
        _move(act, False, "市党代表否认电话答复，延期无效（第十一条）")
        handling.limit_version += 1
    telling.organisation(act, "extension_denied", handling.department_id)
    telling.organisation(act, "extension_denied", handling.unit_id)
