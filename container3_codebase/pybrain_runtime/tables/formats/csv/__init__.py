"""CSV: reading by the standard library or by Arrow, writing."""
