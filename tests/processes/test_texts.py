"""Notices, the jurisdiction table and the ladder of the factory edition."""

import string
import tomllib

import pytest

from engine.organisation.models import TIERS
from tests.processes.factory import FOLDER, Case

NOTICES = sorted(path.name for path in (FOLDER / "notices").iterdir() if path.is_dir())
EXPECTED = {
    "referral", "reminder", "overdue", "supervision", "extension_requested", "extension_decided", "feedback_copy",
    "feedback_copy_reporter", "terminated", "registered", "rating_invitation", "transit_late", "withdrawn", "reported",
    "escalated", "declined", "feedback_delivered", "feedback_returned", "filed", "sign_late", "plan_late",
    "extension_phone", "extension_denied", "extension_objected", "cosign_asked", "delegate_replaced", "copy_relay", "consultation_invitation",
    "measure_late",
    "sent_down", "returned_to_studio", "merged", "separated", "transferred_again", "urged", "opined", "supervision_replied", "recalled",
    "letter_arrived", "letter_received", "letter_declined", "letter_registered", "copy_failed",
}  # fmt: skip
README = (FOLDER / "notices" / "README.md").read_text()
DOCUMENTED = {line.split("`")[1].strip("{}") for line in README.splitlines() if line.startswith("| `{")}
MATTERS = (
    "environment", "traffic", "housing", "education", "health", "security", "employment", "construction", "culture",
    "business", "party", "other",
)  # fmt: skip


def test_every_notice_exists_and_is_documented():
    assert set(NOTICES) == EXPECTED
    assert all(name in README for name in NOTICES)


@pytest.mark.parametrize("name", NOTICES)
@pytest.mark.parametrize("part", ["subject", "body"])
def test_a_notice_formats_with_the_documented_names(name, part):
    text = (FOLDER / "notices" / name / f"{part}.txt").read_text()
    fields = [(field, spec, how) for _, field, spec, how in string.Formatter().parse(text) if field is not None]
    assert {field for field, _, _ in fields} <= DOCUMENTED
    assert all(not spec and not how for _, spec, how in fields)
    filled = text.format(**dict.fromkeys(DOCUMENTED, "某"))
    assert filled.strip()
    assert "{" not in filled
    if part == "subject":
        assert text.count("\n") == 1
        assert len(text) <= 60


def test_what_a_reporter_gets_fits_a_text_message():
    for name in ("registered", "feedback_copy_reporter", "rating_invitation", "extension_decided"):
        assert len((FOLDER / "notices" / name / "body.txt").read_text()) <= 200


def decide(tier: str, matter: str) -> dict:
    """What the table proposes when a department opens its review."""
    (review,) = Case("tier_review", tier=tier, matter=matter).run.tasks()
    return dict(review.data)


@pytest.mark.parametrize("tier", ["street", "district", "city"])
@pytest.mark.parametrize("matter", MATTERS)
def test_jurisdiction_proposes_this_tier_or_the_next_with_its_article(tier, matter):
    found = decide(tier, matter)
    assert TIERS.index(found["proposed_tier"]) - TIERS.index(tier) in (0, 1)
    assert found["proposed_tier"] != "committee"
    assert found["proposed_matter"] in (*MATTERS, "")
    assert found["proposal_reason"].startswith("第十条 管理权限：")
    assert len(found["proposal_reason"]) <= 300


def test_jurisdiction_examples():
    assert decide("street", "environment")["proposed_tier"] == "street"
    assert decide("street", "construction")["proposed_tier"] == "district"
    assert decide("street", "education")["proposed_tier"] == "district"
    assert decide("district", "education")["proposed_tier"] == "district"
    assert decide("district", "traffic")["proposed_tier"] == "city"
    assert decide("street", "other")["proposed_matter"] == ""


def test_the_ladder_has_every_tier_and_leads_upwards():
    tiers = tomllib.loads((FOLDER.parent / "tiers.toml").read_text())["tier"]
    assert tuple(tier["code"] for tier in tiers) == TIERS
    for here, above in zip(tiers, [*tiers[1:], None], strict=True):
        assert here["escalates_to"] == (above["code"] if above else "")
        assert here["kind"] in ("studio", "department", "committee")
        assert not here["supervision"] or len(here["supervision"]) == 3
