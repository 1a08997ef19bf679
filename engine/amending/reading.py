"""The days of a notice from what people have: the published text, lists, CSV and calendar files (ICS).

Everything comes from outside and is bounded: size, lines, length of a range. What cannot be read is a sentence with its
line; what says neither 放假 nor 上班 (a feed lists Valentine's Day too) is left out and told.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from engine.amending.icalendar_files import Event, events
from engine.calendar import Kind
from engine.errors import Invalid

MAX_BYTES = 256 * 1024
MAX_LINES = 6000
MAX_DAYS = 200  # the longest notice so far names 41 days
LONGEST = 40  # days of one range
WORDS = {"off": "放假", "work": "上班"}
ONE_DAY = timedelta(days=1)

_WORK = r"调休上班|正常上班|补班|上班|班|make-?up|working ?day|workday|work"
_OFF = r"放假调休|放假|补休|调休|休息|休|holiday|off"
_KIND = re.compile(f"(?P<work>{_WORK})|(?P<off>{_OFF})", re.IGNORECASE)
_DAY = r"(?:(?P<y{n}>\d{{4}})[年\-/.])?(?P<m{n}>\d{{1,2}})[月\-/.](?P<d{n}>\d{{1,2}})日?"
_RANGE = re.compile(
    _DAY.format(n=1) + r"(?:\s*(?:至|到|~|—+|–|－|-)\s*(?:" + _DAY.format(n=2) + r"|(?P<d3>\d{1,2})日))?"
)
_COMPACT = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_WEEKDAY = re.compile(r"\([^()]{0,30}(?:周|星期|农历)[^()]{0,30}\)")
_YEAR = re.compile(r"(?<!\d)(\d{4})年")
_NUMBER = re.compile(r"[^\s,。;:()\"“”《》]{1,20}[〔\[]\d{4}[〕\]]\d{1,4}号")
_TOKEN = re.compile(f"(?P<range>{_RANGE.pattern})|{_KIND.pattern}", re.IGNORECASE)


@dataclass
class Read:
    """What was understood. `wrong`: sentences that stop a proposal; `left_out`: sentences about what was not taken;
    `number` and `issued` where the text names them."""

    days: dict[date, Kind] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    number: str = ""
    issued: date | None = None
    _lines: dict[date, int] = field(default_factory=dict)

    def add(self, first: date, last: date, kind: Kind, line: int) -> None:
        """A range of days of one kind; what contradicts an earlier line or is too long is told and left out."""
        if last < first or (last - first).days >= LONGEST:
            self.wrong.append(f"第{line}行：{first} 至 {last} 不是一段假期（先后颠倒，或超过{LONGEST}天）。")
            return
        for offset in range((last - first).days + 1):
            day = first + offset * ONE_DAY
            if self.days.get(day, kind) != kind:
                self.wrong.append(
                    f"第{line}行：{day} 写作{WORDS[kind]}，与第{self._lines[day]}行的{WORDS[self.days[day]]}矛盾。"
                )
            else:
                self.days.setdefault(day, kind)
                self._lines.setdefault(day, line)


def decoded(content: bytes) -> str:
    """The text of an uploaded file: UTF-8, UTF-16 with its mark, or GB 18030. Invalid for anything else."""
    if len(content) > MAX_BYTES:
        raise Invalid(f"文件超过{MAX_BYTES // 1024}千字节，不像一份放假通知，请检查是否选错了文件。")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        tries: tuple[str, ...] = ("utf-16",)
    else:
        tries = ("utf-8-sig", "gb18030")
    for encoding in tries:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Invalid("这不是文本文件，无法读取。请上传日历文件（后缀 ics）、表格文件（后缀 csv），或直接粘贴通知原文。")


def read(text: str, year: int) -> Read:
    """The days a text names. `year`: of a date that names none; also the year that is wanted where a calendar file
    covers several. Raises Invalid when it is too long to be a notice, or a broken calendar file."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES or text.count("\n") > MAX_LINES:
        raise Invalid("内容过长，不像一份放假通知，请只粘贴一个年度的安排。")
    if "BEGIN:VCALENDAR" in text[:2000]:
        found = _only(year, _from_events(events(text)))
    elif rows := _rows(text):
        found = _only(year, _from_rows(rows))
    else:
        found = _from_prose(text, year)
    if len(found.days) > MAX_DAYS:
        raise Invalid(f"内容有{len(found.days)}天，不像一份放假通知，请只录入一个年度的安排。")
    return found


def written(days: Iterable[tuple[date, Kind]]) -> str:
    """Days in the form people edit, one range a line: 2026-10-01 至 2026-10-07 放假. `read` reads it back."""
    lines: list[list[date | Kind]] = []
    for day, kind in sorted(days):
        if lines and lines[-1][2] == kind and lines[-1][1] + ONE_DAY == day:  # type: ignore[operator]
            lines[-1][1] = day
        else:
            lines.append([day, day, kind])
    return "\n".join(
        f"{first} {WORDS[str(kind)]}" if first == last else f"{first} 至 {last} {WORDS[str(kind)]}"
        for first, last, kind in lines
    )


# ------------------------------------------------------------------------------------------------ prose and lists
def _from_prose(text: str, year: int) -> Read:
    found = Read()
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _WEEKDAY.sub("", unicodedata.normalize("NFKC", raw))
        line = _COMPACT.sub(r"\1-\2-\3", line)
        if not found.number and (named := _NUMBER.search(line)):
            found.number = named[0].replace("[", "〔").replace("]", "〕")
        if alone := re.fullmatch(r"\s*(\d{4})年(\d{1,2})月(\d{1,2})日\s*", line):
            found.issued = _date(*map(int, alone.groups())) or found.issued
            continue
        if said := _YEAR.search(line):
            year = int(said[1])
        for sentence in re.split(r"[。;]", line):
            _read_sentence(found, sentence, number, year)
    return found


def _read_sentence(found: Read, sentence: str, line: int, year: int) -> None:
    """Dates before the word that says what they are: 「1月1日至3日放假，1月4日上班」; or after it: 「上班：1月4日」."""
    waiting: list[tuple[date, date]] = []
    said: Kind | None = None
    last_year = year
    for token in _TOKEN.finditer(sentence):
        if token["range"]:
            days = _range(token, last_year)
            if days is None:
                found.wrong.append(f"第{line}行：“{token['range'].strip()}”不是日期，请检查年、月、日。")
                continue
            last_year = days[0].year
            waiting.append(days)
            continue
        kind: Kind = "work" if token["work"] else "off"
        said = said or (kind if not waiting else None)
        for first, last in waiting:
            found.add(first, last, kind, line)
        waiting = []
    if waiting and said is None:
        shown = sentence.strip()[:30]
        found.wrong.append(f"第{line}行：没有写明放假还是上班：“{shown}”。")
        return
    for first, last in waiting:
        found.add(first, last, said or "off", line)


def _range(token: re.Match[str], year: int) -> tuple[date, date] | None:
    first = _date(int(token["y1"] or year), int(token["m1"]), int(token["d1"]))
    if first is None:
        return None
    if token["d3"]:
        last = _date(first.year, first.month, int(token["d3"]))
    elif token["m2"]:
        month = int(token["m2"])
        over = first.year + 1 if month < first.month else first.year
        last = _date(int(token["y2"] or over), month, int(token["d2"]))
    else:
        last = first
    return (first, last) if last else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------------ CSV
def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows of a table with the date in the first column; [] when the text is none."""
    lines = text.lstrip("\ufeff").splitlines()
    filled = [line for line in lines if line.strip()]
    mark = "\t" if filled and "\t" in filled[0] else ","
    if not filled or sum(mark in line for line in filled) < len(filled):
        return []
    if not any(re.match(r"\s*\"?\d{4}[-/.年]?\d", line) for line in filled[:2]):
        return []
    try:
        cells = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=mark)
        return [(cells.line_num, [cell.strip() for cell in row]) for row in cells if any(row)]
    except csv.Error:
        return []


def _from_rows(rows: list[tuple[int, list[str]]]) -> Read:
    found = Read()
    for position, (line, cells) in enumerate(rows):
        text = unicodedata.normalize("NFKC", cells[0])
        whole = _RANGE.fullmatch(_COMPACT.sub(r"\1-\2-\3", _WEEKDAY.sub("", text)).strip())
        days = _range(whole, 0) if whole else None
        if days is None:
            if position:  # the first row may be the head
                found.wrong.append(f"第{line}行：“{cells[0][:20]}”不是日期，请写作 2026-03-04 的形式。")
            continue
        kind = kind_of(cells[1] if len(cells) > 1 else "") or kind_of(" ".join(cells[1:]))
        if kind is None:
            found.wrong.append(f"第{line}行：没有写明放假还是上班：“{','.join(cells)[:30]}”。")
            continue
        found.add(*days, kind, line)
    return found


def kind_of(words: str) -> Kind | None:
    """What a cell or the title of an event says: 班, 补班, 上班 … or 休, 放假, holiday …; None when neither."""
    kinds = {"work" if said["work"] else "off" for said in _KIND.finditer(unicodedata.normalize("NFKC", words))}
    if "work" in kinds:  # 调休上班 names both words and means one
        return "work"
    return "off" if kinds else None


# ------------------------------------------------------------------------------------------------ calendar files
def _from_events(found_events: Iterator[Event]) -> Read:
    found, silent = Read(), 0
    for event in found_events:
        kind = event.kind or kind_of(event.title) or kind_of(event.text)
        if event.wrong:
            found.wrong.append(f"第{event.line}行：“{event.title[:20]}”{event.wrong}")
        elif kind is None:
            silent += 1
        else:
            found.add(event.first, event.last, kind, event.line)
    if silent:
        found.left_out.append(f"{silent}项日程没有写明放假或上班，没有采用。")
    return found


def _only(year: int, found: Read) -> Read:
    """Of a file about several years the notice of one: from the last week of December on (2018-12-29)."""
    if len({(day + 7 * ONE_DAY).year for day in found.days}) < 2:
        return found
    kept = {day: kind for day, kind in found.days.items() if (day + 7 * ONE_DAY).year == year}
    if left := len(found.days) - len(kept):
        found.left_out.append(f"其他年度的{left}天没有采用，只取了{year}年的安排。")
    found.days = kept
    return found
