"""Working-day notices: dated rows in the database, the calendar made of them."""
