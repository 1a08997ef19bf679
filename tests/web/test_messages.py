"""In-app messages: unread first, read by a click."""

import re
from collections.abc import Callable

from tests.web.conftest import Visit

Make = Callable[..., int]


def test_messages_are_read_one_by_one_or_all_at_once(visit: Visit, make: Make) -> None:
    make("signed", "reported", "referred")
    make("signed", "reported", "referred")
    visitor = visit("unit_clerk")
    page = visitor.get("/messages").text
    ids = re.findall(r'id="message-(\d+)"', page)
    assert len(ids) >= 2
    assert "条未读" in page
    assert "已读" in visitor.post(f"/messages/{ids[0]}/read", fragment=True).text
    assert ids[0] not in re.findall(r'id="message-(\d+)"', visitor.get("/messages").text)
    assert visitor.post(f"/messages/{ids[1]}/read", {"open": "1"}).headers["Location"].startswith("/cases/")
    visitor.post("/messages/read")
    assert "没有未读消息" in visitor.get("/messages").text
    assert set(ids) <= set(re.findall(r'id="message-(\d+)"', visitor.get("/messages?read=1").text))


def test_nobody_elses(visit: Visit, make: Make) -> None:
    make("signed", "reported", "referred")
    ids = re.findall(r'id="message-(\d+)"', visit("unit_clerk").get("/messages").text)
    assert visit("second_street_clerk").post(f"/messages/{ids[0]}/read").status_code == 404
