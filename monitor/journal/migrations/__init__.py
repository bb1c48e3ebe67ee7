"""The schema's history, one revision a file; see `monitor.journal.migrate`."""
