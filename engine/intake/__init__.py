"""Registration: the form, its drafts, its number, its case and the start of its procedure (article 9); paper cases."""

from engine.intake.backfilling import backfill, paper_form, units_for
from engine.intake.drafts import another_key, discard_draft, draft_of, drafts_of, save_draft
from engine.intake.numbers import Numbering, numbering_of, start_numbering
from engine.intake.registering import PROCESS, check_form, delegates_for, draw_up, register, registration_form
from engine.intake.suggesting import similar, usual_delegate

__all__ = [
    "PROCESS", "Numbering", "another_key", "backfill", "check_form", "delegates_for", "discard_draft", "draft_of",
    "drafts_of", "draw_up", "numbering_of", "paper_form", "register", "registration_form", "save_draft", "similar",
    "start_numbering", "units_for", "usual_delegate",
]  # fmt: skip
