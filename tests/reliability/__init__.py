"""What is broken on purpose, how often, and what came of it: the table of docs/reliability.md."""
