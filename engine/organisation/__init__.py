"""Places, organisations, people, their posts, and the delegates (articles 1, 2, 5, 7)."""
