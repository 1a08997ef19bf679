"""Interventions: first what would happen, then, with the same words again, the act itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import operate
from engine.access import Verb
from engine.errors import Conflict, Invalid, LianxinError
from web.operations.cases import page
from web.operations.desk import CHANNELS, STATUS, blueprint
from web.policy import policy
from web.session import actor

ACTS = {
    "move": "移动", "skip": "跳过", "go_back": "退回到", "suspend": "挂起", "resume": "恢复", "cancel": "终止",
    "retry": "重试",
}  # fmt: skip
DECISIONS = 40  # longest decision a gateway is told


@dataclass(frozen=True)
class Wish:
    """What somebody wants done: the act, what it takes hold of (`token@element`, a task, an incident) and why."""

    act: str
    what: str
    decision: str
    reason: str

    @property
    def fields(self) -> dict[str, str]:
        """As hidden fields of the page that asks again."""
        return {"act": self.act, "what": self.what, "decision": self.decision, "reason": self.reason}


@blueprint.post("/<int:instance_id>")
@policy(Verb.INSTANCE_OPERATE)
def intervene(instance_id: int) -> ResponseReturnValue:
    """Without `confirmed`: the effects, nothing done. With it: done, in this transaction."""
    form = request.form
    act = form.get("act", "")
    what = form.get(f"what_{act}", form.get("what", ""))
    wish = Wish(act, what, form.get("decision", "").strip()[:DECISIONS], form.get("reason", "").strip()[:300])
    try:
        verb = _verb(instance_id, wish)
        if "confirmed" not in form:
            return _ask(instance_id, wish, verb)
        with g.session.begin_nested():
            verb()
    except LianxinError as refused:
        g.session.expire_all()
        status = 422 if isinstance(refused, Invalid) else 409
        return page(instance_id, refused.message, wish.fields), status
    flash(f"已{ACTS[wish.act]}，理由已记入办理过程。")
    return redirect(url_for("operations.show", instance_id=instance_id))


def _verb(instance_id: int, wish: Wish) -> Callable[[], object]:
    if wish.act not in ACTS:
        raise Invalid("请先选择要做的操作。")
    if not wish.reason:
        raise Invalid("请写明理由，理由会记入办理过程。", errors={"reason": "请写明理由。"})
    if wish.act in ("suspend", "resume", "cancel"):
        return partial(getattr(operate, wish.act), g.session, actor(), instance_id, wish.reason)
    if not wish.what:
        raise Invalid(f"请选择要{ACTS[wish.act]}的环节。", errors={"what": "请选择。"})
    if wish.act in ("move", "go_back"):
        token, _, element = wish.what.partition("@")
        return partial(getattr(operate, wish.act), g.session, actor(), instance_id, token, element, wish.reason)
    if not wish.what.isdigit():
        raise Conflict("所选的环节已有变化，请刷新页面。")
    if wish.act == "skip":
        flags = {"decision": wish.decision} if wish.decision else None
        return partial(operate.skip, g.session, actor(), int(wish.what), wish.reason, flags)
    return partial(operate.retry, g.session, actor(), int(wish.what), wish.reason)


def _ask(instance_id: int, wish: Wish, verb: Callable[[], object]) -> str:
    effects = operate.outlook(g.session, actor(), instance_id, verb)
    found = operate.dossier(g.session, actor(), instance_id)
    return render_template(
        "operations/confirm.html", found=found, wish=wish, word=ACTS[wish.act], effects=effects, channels=CHANNELS,
        status=STATUS,
    )  # fmt: skip
