"""Three-party consultations: who was invited, who came, what was agreed (article 12, R77)."""
