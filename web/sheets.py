"""A decision table, a form or a notice while it is edited on its page: read from the draft's file, changed by what the
page sends, written back. What is wrong is marked at the input that says it."""

import re
from collections.abc import Mapping
from typing import Any

from flask import render_template
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from engine import clock
from engine.bpmn import Refused
from engine.bpmn.sheets import Column, Row, Sheet, read_sheets, write_sheet
from engine.catalogue import labels
from engine.catalogue.telling import placeholders
from engine.errors import LianxinError, NotFound
from engine.forms import rows as forms
from engine.forms.schema import Option, load
from engine.organisation.labels import TIERS
from engine.sheets import fields, listing, notices, tables
from engine.sheets.marks import Mark
from web.forms import Filled
from web.words import CHANNELS, MATTERS, SETTLEMENTS

WORDS: tables.Words = {
    "tier": {code: word for code, word in TIERS.items() if code}, "matter": MATTERS, "settlement": SETTLEMENTS,
    "channel": CHANNELS,
}  # fmt: skip
EXAMPLES = {
    "units": (("1", "沙头角街道城管办"), ("2", "沙头角派出所")),
    "delegates": (("1", "陈代表"), ("2", "林代表")),
}
Typed = MultiDict[str, str]


def clock_time() -> str:
    """The time of day for 「已保存 10:32」."""
    return f"{clock.local(clock.now()):%H:%M}"


class Open:
    """A file on its page. `marks`: what is wrong; `waiting`: why it was not saved, "" when it was."""

    kind = ""

    def __init__(self, files: Mapping[str, bytes], base: Mapping[str, bytes], code: str) -> None:
        self.files, self.base, self.code = files, base, code
        self.waiting = ""
        self.fault = ""
        self.to = ""

    @property
    def title(self) -> str:
        """What the file is called."""
        raise NotImplementedError

    @property
    def marks(self) -> list[Mark]:
        """What is wrong, by the names of the inputs."""
        raise NotImplementedError

    def typed(self, form: Typed) -> "Open":
        """The same with what the page sent; `op` is done first."""
        raise NotImplementedError

    def content(self) -> dict[str, bytes | None] | None:
        """What to save; None when it cannot be a file yet (`waiting` says why)."""
        raise NotImplementedError

    def answer(self) -> dict[str, Any]:
        """What the page shows after every save."""
        return {"marks": [mark.as_dict() for mark in self.marks]}

    def preview(self) -> str:
        """How it will look, as a part of a page."""
        return ""

    def shown_preview(self) -> Markup:
        """The preview inside the page itself: a rendered template, escaped already."""
        return Markup(self.preview())  # noqa: S704

    @property
    def users(self) -> tuple[str, ...]:
        """Who uses it, in words."""
        return listing.users(self.files, self.code)

    @property
    def one_file(self) -> bool:
        """Whether its text can be shown as it is stored."""
        return self.code in self.files


def open_sheet(files: Mapping[str, bytes], base: Mapping[str, bytes], code: str) -> Open:
    """The file of that code as its page edits it; NotFound for a diagram."""
    kinds: dict[str, type[Open]] = {"table": Table, "form": Form, "notice": Notice}
    kind = kinds.get(listing.kind_of(code))
    if kind is None:
        raise NotFound
    return kind(files, base, code)


class Table(Open):
    """A decision table."""

    kind = "table"
    policies = tables.POLICIES

    def __init__(self, files: Mapping[str, bytes], base: Mapping[str, bytes], code: str) -> None:
        super().__init__(files, base, code)
        self.sheets: list[Sheet] = []
        try:
            self.sheets = read_sheets(files[code], code)
        except Refused as refused:
            self.fault = refused.findings[0].message
        if not self.sheets and not self.fault:
            self.fault = "文件里没有决策表。"
        self.sheet = self.sheets[0] if self.sheets else Sheet("", "", "FIRST", (), (), ())

    @property
    def title(self) -> str:
        """The table's name."""
        return self.sheet.name or self.code

    @property
    def marks(self) -> list[Mark]:
        """Cells and heads that cannot run."""
        known = {column.source for column in self.sheet.outputs}
        return [] if self.fault else tables.check_sheet(self.sheet, known)

    def words(self, row: int, column: int) -> str:
        """A cell as people say it."""
        return tables.in_words(self.sheet.rows[row].cells[column], self.sheet.columns[column], WORDS)

    def choices(self, column: Column) -> list[tuple[str, str]]:
        """(text of a cell, word) of the codes a column may hold."""
        codes = next((codes for name, codes in WORDS.items() if column.source.endswith(name)), {})
        return [(f'"{code}"', word) for code, word in codes.items() if code]

    def typed(self, form: Typed) -> "Table":
        """Name, policy, columns and cells of the page; one act on them."""
        if self.fault:
            return self
        inputs, outputs, rows = (_count(form, name) for name in ("inputs", "outputs", "rows"))
        columns = [
            Column(
                form.get(f"column-{n}", f"column_{n}"), form.get(f"label-{n}", "").strip(), _flat(form, f"source-{n}")
            )
            for n in range(inputs + outputs)
        ]
        read = tuple(
            Row(form.get(f"rule-{r}", f"rule_{r}"), tuple(_flat(form, f"cell-{r}-{c}") for c in range(len(columns))))
            for r in range(rows)
        )
        sheet = Sheet(
            self.sheet.id, form.get("name", "").strip(), form.get("policy", ""), tuple(columns[:inputs]),
            tuple(columns[inputs:]), read,
        )  # fmt: skip
        self.sheet = tables.act(sheet, form.get("op", ""))
        return self

    def content(self) -> dict[str, bytes | None] | None:
        """The file with this table; cells with mistakes are kept too, publishing refuses them."""
        if self.fault or any("不能使用的字符" in mark.sentence for mark in self.marks):
            self.waiting = self.fault or "有不能使用的字符，改好后自动保存。"
            return None
        return {self.code: write_sheet(self.files[self.code], self.code, self.sheet)}

    def answer(self) -> dict[str, Any]:
        """Marks, and every cell in words."""
        said = {
            f"cell-{r}-{c}": self.words(r, c)
            for r in range(len(self.sheet.rows)) for c in range(len(self.sheet.columns))
        }  # fmt: skip
        return {**super().answer(), "words": said}


class Form(Open):
    """A form as rows."""

    kind = "form"
    ways, required = fields.WAYS, fields.REQUIRED

    def __init__(self, files: Mapping[str, bytes], base: Mapping[str, bytes], code: str) -> None:
        super().__init__(files, base, code)
        self.stored = self.sheet = forms.FormSheet(code, "", "提交", ())
        self.extra: list[Mark] = []
        try:
            self.stored = self.sheet = forms.read_form(files[code])
        except LianxinError as error:
            self.fault = str(error.fields.get("reason") or error.message)
        try:
            before = forms.read_form(base[code]) if code in base else None
        except LianxinError:
            before = None
        self.locked = fields.locked_names(before)

    @property
    def title(self) -> str:
        """The form's title."""
        return self.sheet.title or self.code

    @property
    def marks(self) -> list[Mark]:
        """Rows that make no form."""
        return [] if self.fault else fields.check_form(self.sheet) + self.extra

    def row(self, name: str) -> forms.Row | None:
        """The row of that name."""
        return next((row for row in self.sheet.rows if row.name == name), None)

    def typed(self, form: Typed) -> "Form":
        """Head and rows of the page; one act on them."""
        if self.fault:
            return self
        more = {row.name: row.more for row in self.stored.rows}
        rows = tuple(_form_row(form, f"row-{number}", more) for number in range(_count(form, "rows")))
        title, description, submit = (form.get(part, "").strip() for part in ("title", "description", "submit"))
        sheet = forms.FormSheet(title, description, submit, rows, self.stored.rules)
        self.sheet = fields.act(sheet, form.get("op", ""))
        return self

    def content(self) -> dict[str, bytes | None] | None:
        """The file with these rows; None while a row is not complete or the form's rules forbid it."""
        if self.fault or self.marks:
            self.waiting = self.fault or f"有 {len(self.marks)} 处要改，改好后自动保存。"
            return None
        try:
            return {self.code: forms.write_form(self.files[self.code], self.sheet)}
        except LianxinError as error:
            self.waiting = str(error.fields.get("reason") or error.message)
            self.extra = [Mark("title", self.waiting)]
            return None

    def answer(self) -> dict[str, Any]:
        """Marks, and the form as people will see it (as it was saved last, while a row is not complete)."""
        return {**super().answer(), "preview": self.preview()}

    def preview(self) -> str:
        """The form drawn by the same part of a page that draws it for everybody."""
        try:
            data = self.files[self.code] if self.marks else forms.write_form(self.files[self.code], self.sheet)
            form = load(data)
        except LianxinError:
            return ""
        filled = Filled(form, {}, choices=lambda source: EXAMPLES.get(source, ()))
        return render_template("draft_files/_form_preview.html", filled=filled, form=form)


class Notice(Open):
    """The two texts of a notice."""

    kind = "notice"

    def __init__(self, files: Mapping[str, bytes], base: Mapping[str, bytes], code: str) -> None:
        super().__init__(files, base, code)
        self.subject, self.body = (
            files.get(f"{code}/{part}", b"").decode("utf-8", "replace").strip("\n") for part in listing.PARTS
        )
        name = code.rpartition("/")[2]
        self.to = "；".join(one.to for told in labels.NOTICES.values() for one in told if one.kind == name)
        self.placeholders = placeholders(name)

    @property
    def title(self) -> str:
        """The subject."""
        return self.subject or self.code

    @property
    def marks(self) -> list[Mark]:
        """Unknown placeholders, too long, empty."""
        return notices.check_notice(self.subject, self.body, self.to, self.placeholders)

    def typed(self, form: Typed) -> "Notice":
        """Subject and body of the page."""
        self.subject = form.get("subject", "").strip()
        self.body = re.sub(r"\r\n?", "\n", form.get("body", "")).strip("\n")
        return self

    def content(self) -> dict[str, bytes | None] | None:
        """Both texts; mistakes are kept too, publishing refuses them."""
        texts = zip(listing.PARTS, (self.subject, self.body), strict=True)
        return {f"{self.code}/{part}": f"{text}\n".encode("utf-8", "replace") for part, text in texts}

    def answer(self) -> dict[str, Any]:
        """Marks, and the notice with examples filled in."""
        return {**super().answer(), "preview": self.preview()}

    def preview(self) -> str:
        """The notice as it will read."""
        return render_template(
            "draft_files/_notice_preview.html", subject=notices.preview(self.subject), body=notices.preview(self.body)
        )


def _count(form: Typed, name: str) -> int:
    text = form.get(name, "")
    return min(int(text), tables.MAX_ROWS) if text.isdigit() and len(text) < 5 else 0


def _flat(form: Typed, name: str) -> str:
    return re.sub(r"\r\n?", "\n", form.get(name, "")).strip()


def _form_row(form: Typed, at: str, more: Mapping[str, tuple[str, ...]]) -> forms.Row:
    longest, way, name = form.get(f"{at}-longest", "").strip(), form.get(f"{at}-way", ""), form.get(f"{at}-name", "")
    options = tuple(
        Option(form.get(f"{at}-option-{n}-value", "").strip(), form.get(f"{at}-option-{n}-label", "").strip())
        for n in range(_count(form, f"{at}-options"))
    )
    shown = tuple(
        (form.get(f"{at}-when-{n}-field", ""), tuple(filter(None, form.getlist(f"{at}-when-{n}-value"))))
        for n in range(_count(form, f"{at}-whens"))
    )
    required = form.get(f"{at}-required", "no")
    return forms.Row(
        name=name.strip(), label=form.get(f"{at}-label", "").strip(), way=way if way in forms.WAYS else "text",
        required=required if required in fields.REQUIRED else "no", options=options, shown=shown,
        longest=(int(longest) if longest.isdigit() and len(longest) < 7 else -1) if longest else 0,
        help=form.get(f"{at}-help", "").strip(), default=form.get(f"{at}-default", "").strip(),
        more=more.get(name.strip(), ()),
    )  # fmt: skip
