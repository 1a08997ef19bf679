"""The delegate's page: what waits, what came in copy, my cases; and nobody else's."""

import re


def test_cards_say_what_to_do(visit, make):
    make()
    page = visit("delegate").get("/delegate").text
    assert "核对签名" in page
    assert "沙头角街道沙头角社区2026001" in page


def test_three_taps_to_a_signature(visit, make, task_of):
    case_id = make()
    delegate = visit("delegate")
    first = re.search(r'href="(/tasks/\d+)"', delegate.get("/delegate").text)[1]
    assert first == f"/tasks/{task_of(case_id, 'signature')}"
    assert delegate.post(first, {"decision": "sign", "signature_name": "戴代表"}).status_code == 302
    assert "没有等您办理的事项" in delegate.get("/delegate").text


def test_copies_and_cases_with_their_countdown(visit, make):
    make("signed", "reported", "referred")
    page = visit("delegate").get("/delegate").text
    assert "绿·剩余10个工作日" in page
    assert "没有待阅的答复" in page
    make("signed", "reported", "referred", "answered", "accepted")
    assert "查看答复" in visit("delegate").get("/delegate").text


def test_only_delegates(visit, stranger, make):
    make()
    assert visit("liaison").get("/delegate").status_code == 403
    assert stranger.get("/delegate").status_code == 302
    assert "沙头角街道沙头角社区2026001" not in visit("other_delegate").get("/delegate").text
