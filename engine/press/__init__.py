"""The press: HTML to PDF in a process of its own that loads nothing else of the house (`python -m engine.press`)."""

OWN = "paper-font:"  # the scheme under which a paper asks for a font of this installation, by its role
