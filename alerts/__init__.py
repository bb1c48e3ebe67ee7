"""What readings mean: rules as data, their evaluation, and the life of an alarm.

Pure: no clock, no I/O. Imports `drivers` alone.
"""
