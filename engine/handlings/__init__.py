"""Tier reviews, referrals to a handling unit, extensions, reminders and supervision (articles 10, 11, 12)."""
