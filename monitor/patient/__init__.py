"""What outlasts a session: a patient's records, treatment course, monitoring forms, export.

Patients' records are a stream of their own beside the beds' streams. Nothing here touches a
device or raises an alarm.
"""
