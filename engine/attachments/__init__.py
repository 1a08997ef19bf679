"""Files people add to a case: what they are is read from their bytes, they lie outside the web root by their hash."""
