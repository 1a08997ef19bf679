"""Tables that people bring along: CSV in UTF-8 or GBK, or the first sheet of a workbook. Every cell is plain text."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineError, load_workbook

from engine.errors import Invalid

LARGEST = 20 * 1024 * 1024  # bytes
LONGEST_CELL = 2000  # characters


@dataclass(frozen=True)
class Row:
    """One line of a table: its number in the file (the header is line 1) and its cells by column name."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Problem:
    """Why a line cannot be used, and what to do now."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"第{self.line}行" + (f"“{self.column}”列" if self.column else "")
        return f"{where}：{self.reason}"


def read_table(file: Path, columns: tuple[str, ...]) -> list[Row]:
    """The lines below the header, blank lines left out; raises Invalid for an unreadable file or missing columns."""
    content = _bytes(file)
    cells = _workbook(content) if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") else _csv(content)
    header: list[str] | None = None
    rows: list[Row] = []
    for line, values in cells:
        texts = [value.strip().strip("\ufeff") for value in values]
        if header is None:
            header = texts
            _check_header(file, header, columns)
        elif any(texts):
            rows.append(Row(line, dict(zip(header, texts, strict=False))))
    if header is None:
        raise Invalid(f"文件“{file.name}”是空的，请检查后重新导入。")
    return rows


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise Invalid(f"文件“{file.name}”超过20MB，请拆分后导入。")
        return file.read_bytes()
    except OSError as error:
        raise Invalid(f"无法读取文件“{file.name}”，请检查路径和权限。") from error


def _check_header(file: Path, header: list[str], columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in header]
    if missing:
        raise Invalid(
            f"文件“{file.name}”第1行（表头）缺少列：{'、'.join(missing)}。请补上，各列名称为：{'、'.join(columns)}。"
        )
    if len({name for name in header if name}) != len([name for name in header if name]):
        raise Invalid(f"文件“{file.name}”第1行（表头）有重名的列，请改正。")


def _csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(_decode(content), newline=""), strict=True)
    while True:
        start = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Invalid(f"第{start}行不是正确的CSV（引号不成对或含有非法字符），请改正后重新导入。") from error
        yield start, values


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid("无法识别文件编码。请另存为UTF-8或GBK编码的CSV，或Excel工作簿（.xlsx）。")


def _workbook(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        # from the first cell of the sheet, so that line numbers are those people see
        sheet = load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as error:
        raise Invalid("无法打开工作簿。请另存为.xlsx（不加密）后重新导入。") from error
    for line, values in enumerate(sheet, start=1):
        yield line, [_cell(value) for value in values]


def _cell(value: object) -> str:
    # a phone number typed as a number comes back as 13800000000.0
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
