"""Which rules are met: conditions, their timers, and the engine of one bed.

Deterministic: values and `now` come in as arguments, alarm changes come out. The life of an
alarm once raised is `alerts.alarm`.
"""
