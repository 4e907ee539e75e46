"""The guarded fetch: addresses, deadlines, caps, secrets, politeness."""
