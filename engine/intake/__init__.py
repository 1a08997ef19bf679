"""Registration: the form, its drafts, its number, its case and the start of its procedure (article 9); paper cases."""

from engine.intake.drafts import discard_draft, draft_of, drafts_of, save_draft
from engine.intake.registering import PROCESS, check_form, delegates_for, draw_up, register, registration_form
from engine.intake.suggesting import similar, usual_delegate

__all__ = [
    "PROCESS", "check_form", "delegates_for", "discard_draft", "draft_of", "drafts_of", "draw_up", "register",
    "registration_form", "save_draft", "similar", "usual_delegate",
]  # fmt: skip
