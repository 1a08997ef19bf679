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


def test_r74_the_board_shows_every_case_and_the_word_is_two_taps_away(visit, make, at, monkeypatch):
    """R74: all own cases with their countdown; 督办意见, 发送: in the unit's and the department's box, in the history."""
    monkeypatch.setattr("web.delegate.SHOWN", 2)
    for _ in range(2):
        make()
    case_id = make("signed", "reported", "referred")
    delegate = visit("delegate")
    first, second = delegate.get("/delegate").text, delegate.get("/delegate?page=2").text
    assert "共 3 件" in first
    assert len(set(re.findall(r"沙头角社区(2026\d{3})</strong>", first + second))) == 3
    assert "绿·剩余10个工作日" in first + second
    holding = first if f"/delegate/cases/{case_id}/opinion" in first else second
    form = re.search(rf'action="(/delegate/cases/{case_id}/opinion)".*?<textarea[^>]*>([^<]+)<', holding, re.S)
    answer = delegate.post(form[1], {"text": form[2]})
    assert answer.status_code == 302
    for who in ("unit_clerk", "street_clerk"):
        assert "2026003" in visit(who).get("/inbox/supervision").text
        assert "市党代表督办意见" in visit(who).get("/messages").text
    assert form[2] in visit("liaison").get(f"/cases/{case_id}?tab=progress").text
    assert visit("other_delegate").post(form[1], {"text": "替别人说"}).status_code == 404
    assert delegate.post(form[1], {"text": "字" * 501}).status_code == 422
    at("2026-03-17 09:00")
    assert "红·逾期1个工作日" in delegate.get("/delegate").text + delegate.get("/delegate?page=2").text
