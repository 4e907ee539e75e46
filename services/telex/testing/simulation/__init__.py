"""The real shard on a simulated loop, with every crash by the thousand."""
