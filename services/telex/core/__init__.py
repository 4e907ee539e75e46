"""Values and rules: pure, on the standard library alone."""
