"""The loop that polls the publishers of one claim."""
