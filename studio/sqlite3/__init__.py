"""SQLite for one process with many threads."""
