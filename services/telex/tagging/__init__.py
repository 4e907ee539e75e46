"""Topics and places of an article."""
