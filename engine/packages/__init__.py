"""Published versions of procedures: diagrams, decisions, forms and notice texts as one package (R90)."""
