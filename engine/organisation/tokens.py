"""One-time links: the first administrator, a new person's first password, a reset. Only the digest is stored."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import Invalid
from engine.organisation.models import AccessToken

FIRST_ADMINISTRATOR = "first_administrator"
PASSWORD = "password"  # noqa: S105 - the name of a purpose
VALID_FOR = {FIRST_ADMINISTRATOR: timedelta(hours=24), PASSWORD: timedelta(hours=72)}
SPENT = "链接无效、已使用或已过期。请联系系统管理员重新获取。"


def issue(session: Session, purpose: str, person_id: int | None = None) -> str:
    """A new secret for the purpose; an earlier unused one for the same person is void from now on."""
    now = clock.now()
    session.execute(
        update(AccessToken)
        .where(AccessToken.purpose == purpose, _for(person_id), AccessToken.used_at.is_(None))
        .values(used_at=now)
    )
    secret = secrets.token_urlsafe(32)
    session.add(
        AccessToken(person_id=person_id, purpose=purpose, digest=_digest(secret), expires_at=now + VALID_FOR[purpose])
    )
    session.flush()
    return secret


def peek(session: Session, purpose: str, secret: str) -> AccessToken:
    """The unused, unexpired token (to show its form); raises Invalid."""
    token = session.scalars(
        select(AccessToken).where(
            AccessToken.digest == _digest(secret),
            AccessToken.purpose == purpose,
            AccessToken.used_at.is_(None),
            AccessToken.expires_at > clock.now(),
        )
    ).first()
    if token is None:
        raise Invalid(SPENT)
    return token


def redeem(session: Session, purpose: str, secret: str) -> AccessToken:
    """Use the token up; of two at once exactly one succeeds. Raises Invalid."""
    token = peek(session, purpose, secret)
    taken = session.execute(
        update(AccessToken)
        .where(AccessToken.id == token.id, AccessToken.used_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Invalid(SPENT)
    session.refresh(token)
    return token


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _for(person_id: int | None) -> ColumnElement[bool]:
    return AccessToken.person_id.is_(None) if person_id is None else AccessToken.person_id == person_id
