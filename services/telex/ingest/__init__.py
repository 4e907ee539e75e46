"""A document and what we remember in; events, a new memory and wants out. Pure."""
