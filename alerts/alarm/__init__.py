"""The life of an alarm after IEC 60601-1-8 and IEC 62682: states, audio pause, text.

Knows no signal and no rule's condition; that is `alerts.evaluation`.
"""
