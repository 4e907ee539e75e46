"""Bytes in, entries out: nothing past this room knows a format."""
