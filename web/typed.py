"""What somebody typed, whichever page it came from: the last gate before it is kept.

Forms drawn from a schema refuse a character nobody can use beside its field, with all that was typed. Fields that pages
read themselves need not ask: an act that would keep such a text is refused here, and so is what no column can hold.
"""

from flask import request
from sqlalchemy.exc import DataError

from engine import forms
from engine.errors import Invalid, LianxinError, NotFound
from web.policy import reads_raw

BIGGEST = 2**31 - 1  # an id


def check_address() -> None:
    """NotFound for an id no row can have."""
    if any(isinstance(value, int) and value > BIGGEST for value in (request.view_args or {}).values()):
        raise NotFound


def check_kept(view: object) -> None:
    """Invalid when a field that is about to be kept holds a character nobody can use; before the commit."""
    sentence = "" if reads_raw(view) else _stray()
    if sentence:
        raise Invalid(sentence)


def refusal(error: Exception) -> LianxinError | None:
    """The sentence for a text or number the database does not take, None when the database broke for another reason."""
    if not isinstance(error, DataError | OverflowError):
        return None
    return Invalid(_stray() or "填写的内容太长，或数字太大，没有保存。请返回上一页修改后重新提交。")


def _stray() -> str:
    for value in (*request.form.values(), *request.args.values(), *map(str, (request.view_args or {}).values())):
        position = forms.stray(value)
        if position is not None:
            before = value[max(position - 8, 0) : position].strip()
            where = f"“{before}”之后" if before else "一栏的开头"
            return f"{where}有不能使用的字符（U+{ord(value[position]):04X}），没有保存。请返回上一页删去后重新提交。"
    return ""
