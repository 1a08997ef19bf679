"""Passwords (argon2) and the lock after wrong ones; both counted in the database, so that every web process agrees.

A check answers with a value instead of raising: the count of wrong attempts must be committed.
"""

from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import Invalid
from engine.organisation.models import Person
from engine.organisation.operations import get_person, normal_login

WRONG_ATTEMPTS = 5
LOCKED_FOR = timedelta(minutes=15)
SHORTEST, LONGEST = 10, 200
REFUSED = "登录名或密码不正确。连续输错5次后，15分钟内不能登录；忘记密码请联系系统管理员重置。"

_hasher = PasswordHasher()
# Checked when the login is unknown, so that an unknown login takes as long as a wrong password.
_nobody = _hasher.hash("nobody has this password")


@dataclass(frozen=True)
class SignIn:
    """`person` when login and password belong together; otherwise `message`, the same sentence for every reason."""

    person: Person | None
    message: str = ""


def sign_in(session: Session, login: str, password: str) -> SignIn:
    """Check a login and count a wrong attempt; the caller commits in both cases.

    Unknown, disabled, locked and wrong look the same and take the same time: nothing tells who has an account.
    """
    person = session.scalars(select(Person).where(Person.login == normal_login(login)).with_for_update()).first()
    right = _verify(person.password_hash if person else None, password)
    if person is None or not person.active or _locked(person):
        return SignIn(None, REFUSED)
    if not right:
        _count_wrong(person)
        session.flush()
        return SignIn(None, REFUSED)
    person.failed_logins, person.locked_until = 0, None
    if person.password_hash and _hasher.check_needs_rehash(person.password_hash):
        person.password_hash = _hasher.hash(password)
    session.flush()
    return SignIn(person)


def _verify(stored: str | None, password: str) -> bool:
    try:
        # a password longer than any we accept is not worth hashing
        _hasher.verify(stored or _nobody, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _locked(person: Person) -> bool:
    return person.locked_until is not None and person.locked_until > clock.now()


def _count_wrong(person: Person) -> None:
    person.failed_logins += 1
    if person.failed_logins >= WRONG_ATTEMPTS:
        person.failed_logins = 0
        person.locked_until = clock.now() + LOCKED_FOR


def password_problem(password: str, login: str) -> str:
    """What is wrong with a new password, as a sentence; empty when it is good."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"密码至少{SHORTEST}个字符，最多{LONGEST}个字符。"
    if len(set(password)) < 4 or password.casefold() == normal_login(login):
        return "密码过于简单：不能与登录名相同，也不能只重复几个字符。"
    return ""


def set_password(session: Session, person_id: int, password: str) -> Person:
    """Store a new password, unlock, and end every session of the person; raises Invalid, NotFound."""
    person = get_person(session, person_id)
    if problem := password_problem(password, person.login):
        raise Invalid(problem, {"password": problem})
    person.password_hash = hash_password(password)
    person.failed_logins, person.locked_until = 0, None
    person.session_stamp += 1
    session.flush()
    return person


def change_password(session: Session, person_id: int, old: str, new: str) -> Person:
    """One's own password: the old one must be right; raises Invalid."""
    person = get_person(session, person_id)
    if not _verify(person.password_hash, old):
        raise Invalid("原密码不正确，请重新输入。", {"old": "原密码不正确。"})
    return set_password(session, person_id, new)


def hash_password(password: str) -> str:
    """The argon2 hash of a password (about 50 ms on purpose)."""
    return _hasher.hash(password)
