"""What readings mean: rules as data, their evaluation, and the life of an alarm.

The rules that ship, with their limits, texts, guidance and escalation, are `sets/default.toml`.

Pure: no clock, no I/O. Imports `drivers` alone.
"""
