"""What of a telephone number or an address is shown to those who need not reach the reporter (R99)."""

import re
from dataclasses import dataclass

from engine.cases.models import Case

HIDDEN = "****"
_MOBILE = re.compile(r"(?<!\d)(1\d{2})\d{4}(\d{4})(?!\d)")
_LAND_LINE = re.compile(r"(?<!\d)(0\d{2,3}-?)[2-9]\d{2,3}(\d{4})(?!\d)")
_PLAIN_LINE = re.compile(r"(?<!\d)[2-9]\d{2,3}(\d{4})(?!\d)")
# the part of an address that names no door: up to the last street, community or village
_AREA = re.compile(r"^.*(?:省|市|区|县|街道|镇|乡|社区|村|大道|路|街|巷)")


@dataclass(frozen=True)
class Contact:
    """How the reporter is reached, as one person may see it: in full, or masked; `may_reveal`: for a reason."""

    phone: str
    address: str
    address_phone: str
    employer_address: str
    full: bool
    may_reveal: bool = False

    @property
    def hidden(self) -> bool:
        """Is there something this person does not see?"""
        return not self.full and any((self.phone, self.address, self.address_phone, self.employer_address))


def contact(case: Case, *, full: bool, may_reveal: bool = False) -> Contact:
    """The four facts of a case by which its reporter is reached."""
    show, place = (str, str) if full else (phone, address)
    return Contact(
        phone=show(case.reporter_phone),
        address=place(case.reporter_address),
        address_phone=show(case.reporter_address_phone),
        employer_address=place(case.reporter_employer_address),
        full=full,
        may_reveal=may_reveal and not full,
    )


def phone(number: str) -> str:
    """138****0000, 0755-****0000; what is no number we know shows nothing at all."""
    known = numbers(number)
    return known if known != number or not number else HIDDEN


def numbers(text: str) -> str:
    """A text with the telephone numbers in it masked."""
    text = _MOBILE.sub(rf"\1{HIDDEN}\2", text)
    text = _LAND_LINE.sub(rf"\1{HIDDEN}\2", text)
    return _PLAIN_LINE.sub(rf"{HIDDEN}\1", text)


def address(place: str) -> str:
    """深圳市盐田区沙头角街道沙头角社区****: the community or road, never the door."""
    if not place:
        return ""
    area = _AREA.match(place)
    return (area[0] if area and area[0] != place else "") + HIDDEN


def mail(address: str) -> str:
    """c****@example.cn."""
    name, at, host = address.rpartition("@")
    return f"{name[:1]}{HIDDEN}@{host}" if at else phone(address)
