"""The desk of a person at work: boxes with counts, lists, messages, search. Reads only, except for marking as read."""

from engine.desk.boxes import BOXES, boxes
from engine.desk.inbox import inbox
from engine.desk.messages import messages, posts, read_all_messages, read_message, unread_messages
from engine.desk.rows import Page, Row
from engine.desk.search import search

__all__ = [
    "BOXES",
    "Page",
    "Row",
    "boxes",
    "inbox",
    "messages",
    "posts",
    "read_all_messages",
    "read_message",
    "search",
    "unread_messages",
]
