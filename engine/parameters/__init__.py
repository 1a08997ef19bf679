"""Values the measures leave to be set: limits, reminder days, targets; versioned with an effective date (R88)."""
