"""网上来信: a resident sends an opinion in; the studio's liaison registers it or says why not."""

from engine.submitting.deciding import Inbox, decline, file_of, inbox, read, take, waiting
from engine.submitting.places import District, Found, community, districts, search, streets
from engine.submitting.privacy import NOTICE, VERSION
from engine.submitting.receiving import (
    MOST_CONTENT,
    MOST_FILES,
    REFUSED,
    TRAP,
    Answer,
    Sent,
    Upload,
    find,
    receive,
)

__all__ = [
    "MOST_CONTENT", "MOST_FILES", "NOTICE", "REFUSED", "TRAP", "VERSION", "Answer", "District", "Found", "Inbox",
    "Sent", "Upload", "community", "decline", "districts", "file_of", "find", "inbox", "read", "receive",
    "search", "streets", "take", "waiting",
]  # fmt: skip
