"""A ledger as a table for spreadsheets: XLSX and CSV. What citizens wrote is text in every cell, never a formula."""

import csv as commas
import io
from collections.abc import Callable, Mapping

import xlsxwriter

from engine.organisation.labels import TIERS
from engine.printing.annex2 import Annex2, Signed
from engine.printing.book import Book

Words = Callable[[object, str], str]  # a code and its table -> the word on screen


def _hand(signed: Signed | None) -> str:
    return "" if signed is None else signed.note or signed.name


def _ticks(page: Annex2) -> str:
    names = [TIERS[tier] for tier in ("street", "district", "city")]
    return "、".join(name for name, reached in zip(names, page.ticks, strict=True) if reached)


SEX = {"male": 1, "female": 2}  # 9 = not said


def _grades(page: Annex2, word: Words) -> str:
    """评价1, 评价2 of a case handled again (R83), and why a registered grade was corrected (R116)."""
    rounds = [*page.earlier, page.grade] if page.earlier else []
    parts = [f"评价{number}：{word(grade, 'grade')}" for number, grade in enumerate(rounds, start=1)]
    return "；".join([*parts, f"更正：{page.corrected}"] if page.corrected else parts)


# the fields of annex 2 in its order: heading -> (value of a page, width in characters)
COLUMNS: Mapping[str, tuple[Callable[[Annex2, Words], object], int]] = {
    "编号": (lambda page, _: page.case.number, 28),
    "姓名": (lambda page, _: page.person.name, 10),
    "性别": (lambda page, word: word(page.person.gender, "gender") if page.person.gender else "", 6),
    "性别代码": (lambda page, _: SEX.get(page.person.gender, 9), 8),  # GB/T 2261.1
    "年龄": (lambda page, _: page.person.age, 6),
    "电话": (lambda page, _: page.person.phone, 14),
    "单位": (lambda page, _: page.person.employer, 20),
    "单位地址": (lambda page, _: page.person.employer_address, 24),
    "住址": (lambda page, _: page.person.address, 24),
    "住址电话": (lambda page, _: page.person.address_phone, 14),
    "内容摘要": (lambda page, _: page.case.summary, 50),
    "日期": (lambda page, _: page.case.reflected_on.isoformat(), 12),
    "党代表姓名": (lambda page, _: page.case.delegate_name, 12),
    "职务": (lambda page, _: page.case.delegate_title, 16),
    "联系方式": (lambda page, _: page.case.delegate_contact, 16),
    "已送组织部门": (lambda page, _: _ticks(page), 14),
    "党代表签名日期": (lambda page, _: page.signed_on.isoformat() if page.signed_on else "", 14),
    "承办单位": (lambda page, _: page.unit, 24),
    "反馈时间": (lambda page, _: page.answered_on.isoformat() if page.answered_on else "", 12),
    "办理结果": (lambda page, word: word(page.result, "result") if page.result else "", 10),
    "结果说明": (lambda page, _: page.result_text, 50),
    "评定等级": (lambda page, word: word(page.grade, "grade") if page.grade else "", 10),
    "历次评价": (_grades, 24),
    "反映人签名": (lambda page, _: _hand(page.reporter), 14),
    "市党代表签名": (lambda page, _: _hand(page.delegate), 14),
    "街道组织部门负责人签名": (lambda page, _: _hand(page.department), 22),
    "状态": (lambda page, word: word(page.case.state, "state"), 10),
    "终止或作废理由": (lambda page, _: page.case.outcome_reason, 30),
}


def csv(ledger: Book, words: Words) -> bytes:
    """UTF-8 with a mark, so that office programs read the characters right. A cell that would begin a formula in a
    spreadsheet gets an apostrophe before it."""
    out = io.StringIO()
    table = commas.writer(out)
    table.writerow(COLUMNS)
    for page in ledger.pages:
        table.writerow([_harmless(value(page, words)) for value, _width in COLUMNS.values()])
    return out.getvalue().encode("utf-8-sig")


def _harmless(value: object) -> object:
    text = value if isinstance(value, str) else ""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def xlsx(ledger: Book, words: Words) -> bytes:
    """One sheet, heading kept in view, every text cell a string."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        sheet = workbook.add_worksheet(f"{ledger.year}年")
        heading = workbook.add_format({"bold": True, "bg_color": "#E8EEF5", "border": 1, "text_wrap": True})
        cell = workbook.add_format({"text_wrap": True, "valign": "top", "border": 1})
        for column, (name, (_value, width)) in enumerate(COLUMNS.items()):
            sheet.write_string(0, column, name, heading)
            sheet.set_column(column, column, width)
        for row, page in enumerate(ledger.pages, start=1):
            for column, (value, _width) in enumerate(COLUMNS.values()):
                content = value(page, words)
                if isinstance(content, int):
                    sheet.write_number(row, column, content, cell)
                else:
                    sheet.write_string(row, column, "" if content is None else str(content), cell)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.repeat_rows(0)
        sheet.set_paper(9)
    return out.getvalue()
