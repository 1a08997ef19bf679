"""The file on one opinion: registration form, number, signatures, status (articles 9 and 10)."""
