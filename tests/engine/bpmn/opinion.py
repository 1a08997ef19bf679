"""The shape of the opinion procedure, in three levels: opinion → four tier reviews → handling."""

from engine.bpmn import Package
from tests.engine.bpmn.diagrams import (
    TERMINATE,
    boundary,
    call,
    end,
    flows,
    message,
    node,
    package,
    process,
    service,
    start,
    subprocess,
    timer,
    user,
)

LIMIT = "days(received_on, limit_days)"


def late(name: str, text: str) -> str:
    return boundary(name, "answer", timer("timeDate", text), interrupting=False) + service(
        f"do_{name}", f"notices.{name}"
    )


ANSWERING = subprocess(
    "answering",
    start("begin"),
    user("answer", x_role="承办", x_article="11"),
    late("half", "days(received_on, 5)"),
    late("soon", "days(received_on, limit_days - 3)"),
    late("tomorrow", "days(received_on, limit_days - 1)"),
    late("limit", LIMIT),
    late("plus5", "days(received_on, limit_days + 5)"),
    late("plus10", "days(received_on, limit_days + 10)"),
    user("supervision", x_role="督查"),
    boundary("extension", "answer", message("extension_requested"), interrupting=False),
    user("consent"),
    node("exclusiveGateway", "granted", default="f_granted__refused"),
    service("grant", "handling.extend", days="30"),
    end("refused"),
    end("extended"),
    service("deliver", "handling.deliver"),
    end("delivered", TERMINATE),
    flows(
        "begin answer deliver delivered",
        "half do_half",
        "soon do_soon",
        "tomorrow do_tomorrow",
        "limit do_limit",
        "plus5 do_plus5",
        "plus10 do_plus10 supervision",
        "extension consent granted grant extended",
        "granted refused",
        granted__grant="consented",
    ),
)

HANDLING = process(
    "handling",
    start(),
    service("open", "handling.open"),
    ANSWERING,
    user("check"),
    node("exclusiveGateway", "accepted", default="f_accepted__answering"),
    node("parallelGateway", "fork"),
    service("copy_a", "copies.send", to="'人大'"),
    service("copy_b", "copies.send", to="'代表'"),
    node("parallelGateway", "join"),
    end(),
    flows(
        "start open answering check accepted answering",
        "accepted fork copy_a join end",
        "fork copy_b join",
        accepted__fork="accepted",
    ),
)
REVIEW = process("tier_review", start(), call("handle", "handling"), end(), flows("start handle end"))
TIERS = ("community", "street", "district", "city")
OPINION = process(
    "opinion",
    start(),
    *(call(tier, "tier_review") for tier in TIERS),
    *(boundary(f"stop_{tier}", tier, message("terminate")) for tier in TIERS),
    end("closed"),
    end("terminated"),
    flows(f"start {' '.join(TIERS)} closed", *(f"stop_{tier} terminated" for tier in TIERS)),
)


def opinion() -> Package:
    """The whole package."""
    return package(OPINION, REVIEW, HANDLING, messages="extension_requested terminate")
