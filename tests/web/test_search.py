"""Search by number, name and content, only what one may see (I11, R54)."""

from collections.abc import Callable

from tests.web.conftest import Visit

Make = Callable[..., int]


def test_part_of_a_number_a_name_or_words(visit: Visit, make: Make) -> None:
    make("signed", "reported", reporter_name="钱先生")
    visitor = visit("street_clerk")
    for text in ("2026001", "沙头角社区2026", "钱先生", "戴代表", "垃圾转运点", "垃圾 密闭"):
        assert "共 1 件" in visitor.get(f"/search?text={text}").text, text
    for text in ("2026002", "垃圾 电梯", "%25", "_"):
        assert "没有找到" in visitor.get(f"/search?text={text}").text, text
    assert "输入编号的一部分" in visitor.get("/search").text


def test_other_places_find_nothing(visit: Visit, make: Make) -> None:
    make("signed", "reported")
    for role in ("second_street_clerk", "far_clerk", "unit_clerk", "committee_clerk"):
        assert "没有找到" in visit(role).get("/search?text=2026001").text, role
    for role in ("liaison", "delegate", "district_clerk", "city_clerk"):
        assert "共 1 件" in visit(role).get("/search?text=2026001").text, role
