"""Amendments: a notice about working days or a new value of a parameter, from proposal to the last limit it moved."""
