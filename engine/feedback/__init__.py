"""Written feedback to the organisation department and its copies with proof (article 11, R65–R68)."""
