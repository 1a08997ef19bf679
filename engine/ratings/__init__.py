"""The joint rating by reporter, delegate and street organisation department (article 12, R79–R82)."""
