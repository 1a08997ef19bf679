"""What people press for beside the ladder: 催办, 督办 slips, a delegate's 督办意见, and replies (article 12)."""
