"""Simulated news publishers with a ledger of the truth: for demonstrations, acceptance tests, load and faults."""
