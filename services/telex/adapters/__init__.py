"""The edge: HTTP, logs, files, clocks, worker processes."""
