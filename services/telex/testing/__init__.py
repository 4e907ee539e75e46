"""Fakes that are product: a memory log, a scripted fetcher, a manual clock, contract checks."""
