"""The embedded event log: one SQLite file, through apsw."""
