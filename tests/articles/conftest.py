"""The scene of every article: 2026-02-13, 10:00, the cast around 沙头角社区 and the factory procedure."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.people import Cast


@pytest.fixture
def cast(session: Session, at: Callable[[str], object]) -> Cast:
    at("2026-02-13 10:00")
    return factories.install(session)
