"""Attachments: hostile files and names are refused with a sentence or kept exactly as typed; nobody reads another's."""

import os
import struct
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine import backup, db, filing, intake, migrations
from engine.attachments import inspecting
from engine.attachments.models import Attachment
from engine.attachments.store import Store
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from tests import factories
from tests.people import Cast

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 640, 480, 8, 6, 0, 0, 0) + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", 480, 640) + b"\0" * 20 + b"\xff\xd9"
WEBP = (
    b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little") + b"\0" * 8
)
BOMB = PNG[:16] + struct.pack(">II", 60_000, 60_000) + PNG[24:]

# bytes → the media type, or a word of the sentence they are refused with
FILES = [
    (PNG, "image/png"),
    (JPEG, "image/jpeg"),
    (WEBP, "image/webp"),
    (
        b"%PDF-1.4\n<script>alert(1)</script>\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
        "application/pdf",
    ),
    ("沙头角\t路灯\n".encode(), "text/plain"),
    ("姓名,单位\r\n张三,沙头角街道".encode("gb18030"), "text/plain"),
    (b"<!DOCTYPE html>\n<html><script>alert(1)</script></html>", "text/html"),
    (b"", "空的"),
    (BOMB, "尺寸太大"),
    (PNG[:20], "不完整"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00<?php system($_GET[0]);?>\xff\xd9", "不完整"),
    (b"PK\x03\x04" + b"\0" * 200, "压缩包"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50, "另存为 PDF"),
    (b"\x1f\x8b\x08" + b"\0" * 50, "压缩包"),
    (b"\0\0\0\x18ftypheic" + b"\0" * 30, "照片格式"),
    (b"MZ\x90\0" + b"\0" * 50, "程序"),
    (b"<?php system($_GET[0]);", "程序和代码"),
    (b"#!/bin/sh\nrm -rf /", "程序和代码"),
    (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "程序和代码"),
    (b"\0\1\2\3", "不认识"),
    (b"RIFF\x04\0\0\0WEBP", "不完整"),
]


@pytest.mark.parametrize(("data", "expected"), FILES)
def test_what_a_file_is_says_its_bytes(data: bytes, expected: str) -> None:
    if "/" in expected:
        assert inspecting.media_type(data) == expected
        return
    with pytest.raises(Invalid, match=expected):
        inspecting.media_type(data)


def test_no_file_is_unpacked_or_decoded() -> None:
    """A bomb costs nothing, whatever it claims: 15 MB of anything is judged in a moment."""
    began = time.process_time()
    for start in (BOMB, b"PK\x03\x04", b"\xff\xd8\xff" + b"\xff\xe0\x00\x02" * 1000, b"RIFF\0\0\0\0WEBPVP8X"):
        with pytest.raises(Invalid):
            inspecting.media_type(start + b"\xff\xe0\x00\x02" * 1_000_000)
    assert time.process_time() - began < 8


NAMES = ["../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "登记表.pdf", "aux.txt", "a;b.pdf", "report.PHP",
         "~$登记表.docx", "👍.pdf", "-rf.pdf", "<img src=x onerror=alert(1)>.png", "C:\\Windows\\x.txt"]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "files", 15_000_000)


@pytest.fixture
def cast(session: Session, at: Callable[[str], object]) -> Cast:
    at("2026-03-02 10:00")
    return factories.install(session)


def test_names_are_text_and_never_paths(session: Session, cast: Cast, store: Store, tmp_path: Path) -> None:
    case, liaison = factories.registered(session, cast), cast.actor("liaison")
    for name in NAMES:
        assert filing.keep(session, liaison, store, case.id, "supplement", name, PNG).filename == name
    for name, shown in ((" ", "未命名"), ("", "未命名"), ("甲\r\n乙\0.txt", "甲��乙�.txt")):
        assert filing.keep(session, liaison, store, case.id, "supplement", name, b"text").filename == shown
    assert len(filing.keep(session, liaison, store, case.id, "supplement", "长" * 400 + ".png", PNG).filename) == 255
    kept = [
        file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".sqlite3" and "files" in file.parts
    ]
    assert sorted(file.name for file in kept) == sorted(store.hashes())
    assert len(kept) == 2  # one file per content, named by its hash


def test_the_folder_of_hostile_uploads(session: Session, cast: Cast, store: Store) -> None:
    """What each becomes is said in one sentence that names the file; nothing else happens."""
    case, liaison = factories.registered(session, cast), cast.actor("liaison")
    for data, expected in FILES:
        if "/" in expected:
            continue
        with pytest.raises(Invalid, match=r"^“附件\.bin”没有上传：.+。$"):
            filing.keep(session, liaison, store, case.id, "supplement", "附件.bin", data)
    with pytest.raises(Invalid, match="超过 15 兆"):
        filing.keep(session, liaison, store, case.id, "supplement", "大.txt", b"a" * 15_000_001)
    assert list(store.hashes()) == []
    for number in range(filing.MOST_FILES):
        filing.keep(session, liaison, store, case.id, "supplement", f"{number}.txt", b"text")
    with pytest.raises(Invalid, match="最多 20 个附件"):
        filing.keep(session, liaison, store, case.id, "supplement", "再一个.txt", b"text")


def test_who_may_add_read_and_remove(session: Session, cast: Cast, store: Store) -> None:
    liaison = cast.actor("liaison")
    draft = intake.save_draft(session, liaison, cast.studio.id, {"content": "半份"}, "one")
    mine = filing.keep(session, liaison, store, None, "registration", "甲.txt", b"text", draft_id=draft.id)
    for other in ("next_liaison", "street_head", "system_administrator"):
        with pytest.raises(NotFound):
            filing.read(session, cast.actor(other), mine.id)
        with pytest.raises(LianxinError):
            filing.keep(session, cast.actor(other), store, None, "registration", "乙.txt", b"text", draft_id=draft.id)
    filing.remove(session, liaison, mine.id)
    with pytest.raises(NotFound):
        filing.read(session, liaison, mine.id)
    case = factories.handled(session, cast)
    kept = filing.keep(session, liaison, store, case.id, "supplement", "丙.txt", b"text")
    assert filing.read(session, cast.actor("unit_clerk"), kept.id).sha256 == kept.sha256
    with pytest.raises(NotFound):
        filing.read(session, cast.actor("school_clerk"), kept.id)
    with pytest.raises(LianxinError):  # reads the case, holds no step of it
        filing.keep(session, cast.actor("unit_clerk"), store, case.id, "answer", "丁.txt", b"text")
    factories.tasks.claim(session, cast.actor("unit_clerk"), factories.open_task(session, case, "answer").id)
    filing.keep(session, cast.actor("unit_clerk"), store, case.id, "answer", "丁.txt", b"text")
    with pytest.raises(Conflict, match="不能删除"):
        filing.remove(session, liaison, kept.id)


def test_drafts_of_one_person_are_several_and_nobody_elses(session: Session, cast: Cast, store: Store) -> None:
    liaison = cast.actor("liaison")
    for key in ("one", "two", "one"):
        row = intake.save_draft(session, liaison, cast.studio.id, {"content": f"内容{key}"}, key)
        filing.keep(session, liaison, store, None, "registration", f"{key}.txt", b"text", draft_id=row.id)
    assert {row.key: row.data["content"] for row in intake.drafts_of(session, liaison)} == {
        "one": "内容one",
        "two": "内容two",
    }
    assert intake.drafts_of(session, cast.actor("next_liaison")) == []
    intake.discard_draft(session, cast.actor("next_liaison"), "one")
    intake.discard_draft(session, liaison, "two")
    assert [row.filename for row in session.query(Attachment)] == ["one.txt", "one.txt"]
    form = factories.FORM | {"delegate_id": str(cast.delegates["delegate"].id)}
    case = intake.register(session, liaison, cast.studio.id, form, "one")
    assert [row.case_id for row in session.query(Attachment)] == [case.id, case.id]
    assert intake.drafts_of(session, liaison) == []
    with pytest.raises(Invalid, match="草稿太长"):
        intake.save_draft(session, liaison, cast.studio.id, {"content": "长" * 200_001}, "three")


def test_files_nobody_names_go_after_a_day(database: Engine, at: Callable[[str], object], store: Store) -> None:
    at("2026-03-02 10:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        liaison, studio = cast.actor("liaison"), cast.studio.id
        case = factories.registered(session, cast)
        kept = filing.keep(session, liaison, store, case.id, "supplement", "留.txt", b"kept")
        draft = intake.save_draft(session, liaison, studio, {}, "one")
        filing.keep(session, liaison, store, None, "registration", "弃.txt", b"thrown away", draft_id=draft.id)
    with db.transaction(database) as session:
        intake.discard_draft(session, liaison, "one")
    begin = partial(db.transaction, database)
    assert (filing.sweep(begin, store), len(list(store.hashes()))) == (0, 2)
    for sha256 in store.hashes():
        os.utime(store.path(sha256), (0, 0))
    assert (filing.sweep(begin, store), list(store.hashes())) == (1, [kept.sha256])
    assert filing.sweep(begin, Store(store.folder / "nothing", 1)) == 0


def test_a_backup_holds_the_files_and_brings_them_back(
    at: Callable[[str], object], store: Store, tmp_path: Path
) -> None:  # fmt: skip
    """Beside either database the files lie in the same way."""
    at("2026-03-02 10:00")
    old = db.connect(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    migrations.upgrade(old)
    with db.transaction(old) as session:
        cast = factories.install(session)
        case = factories.registered(session, cast)
        kept = filing.keep(session, cast.actor("liaison"), store, case.id, "supplement", "现场.png", PNG)
    manifest = backup.create(old, tmp_path / "all.zip", store.folder)
    assert manifest.files == 1
    new, there = db.connect(f"sqlite:///{tmp_path / 'new.sqlite3'}"), Store(tmp_path / "elsewhere", 1)
    backup.restore(new, tmp_path / "all.zip", there.folder)
    assert there.path(kept.sha256).read_bytes() == PNG
    with db.reading(new) as session:
        assert session.query(Attachment).one().sha256 == kept.sha256
    for database in (old, new):
        database.dispose()
