"""Walks through a procedure that never happened: the dry runs people try, the scenarios that guard a publish (推演)."""
