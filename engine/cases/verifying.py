"""Is this paper the record? The QR code of a printed form holds its number and the hash of its content (R44)."""

import base64
import binascii
import hmac
import io
import re
import unicodedata
from enum import StrEnum

import segno
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases import attempts, content
from engine.cases.models import Case, CaseVersion

PAGE = "/verify/"  # the public page, engine and web agree on
SHOWN = 16  # hexadecimal digits printed in the foot for those who type
KEPT = 32  # and in the QR code
_CODE = re.compile(r"[0-9a-f]{16,64}")


class Verdict(StrEnum):
    """What is said about a paper; never what stands in it."""

    SAME = "same"
    CORRECTED = "corrected"
    DIFFERENT = "different"
    LOCKED = "locked"


def token(case: Case) -> str:
    """Number and hash, for an address."""
    number = base64.urlsafe_b64encode(case.number.encode()).decode().rstrip("=")
    return f"{number}.{case.content_hash[:KEPT]}"


def parse(text: str) -> tuple[str, str] | None:
    """(number, hash) of a token, or of the whole text of a QR code; None when it is none of ours."""
    number, dot, code = text.strip().rpartition("/")[2].rpartition(".")
    if not dot or not _CODE.fullmatch(code):
        return None
    try:
        return base64.urlsafe_b64decode(number + "=" * (-len(number) % 4)).decode(), code
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def qr_svg(case: Case, address: str = "") -> str:
    """The QR code as an SVG drawing without size (its box gives it). `address`: where the house is reached from
    outside, as `https://host`, so that a telephone opens the page."""
    out = io.BytesIO()
    code = segno.make(f"{address.rstrip('/')}{PAGE}{token(case)}", error="m", micro=False)
    code.save(
        out, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True, nl=False, svgclass=None, lineclass=None
    )
    return out.getvalue().decode()


def verify(session: Session, number: str, code: str) -> Verdict:
    """Compare a paper's number and code (16 digits or more) with the record as it stands: computed anew, so that a
    changed byte shows. A number that does not exist is answered like a wrong code."""
    number, code = plain(number), plain(code).casefold()
    case = session.scalars(select(Case).where(Case.number == number)).first()
    if case is None or not _CODE.fullmatch(code):
        return Verdict.DIFFERENT
    now = content.digest(case)
    if now == case.content_hash and hmac.compare_digest(now[: len(code)], code):
        return Verdict.SAME
    older = session.scalars(select(CaseVersion.content_hash).where(CaseVersion.case_id == case.id))
    known = now == case.content_hash and any(hmac.compare_digest(row[: len(code)], code) for row in older)
    return Verdict.CORRECTED if known else Verdict.DIFFERENT


def check(session: Session, number: str, code: str, address: str) -> Verdict:
    """`verify` for somebody at `address` who types; the caller commits. Five that differ, for a number or from an
    address, lock that number or address for 15 minutes, as on the tracking page."""
    subjects = attempts.digest("verified", plain(number)), attempts.digest("verifier", address)
    counters = attempts.counters(session, subjects)
    if any(map(attempts.locked, counters)):
        return Verdict.LOCKED
    verdict = verify(session, number, code)
    if verdict == Verdict.DIFFERENT:
        for row in counters:
            attempts.count(row)
    return verdict


def scanned(session: Session, number: str, code: str, address: str) -> Verdict:
    """`verify` for a QR code, which holds 32 digits and not the 16 somebody may type."""
    if attempts.shut(session, attempts.digest("verifier", address)):
        return Verdict.LOCKED
    return verify(session, number, code) if len(code) >= KEPT else Verdict.DIFFERENT


def plain(text: str) -> str:
    """Full-width digits and letters count as the usual ones; blanks do not count."""
    return "".join(unicodedata.normalize("NFKC", text[:200]).split())
