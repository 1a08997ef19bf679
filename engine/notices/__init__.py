"""Messages to people, organisations and reporters: rows first, sent after commit (rule 7)."""
