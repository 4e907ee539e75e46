"""Operators' own taxonomies: YAML files in, `tagging.Taxonomies` out, with the examples that prove them."""
