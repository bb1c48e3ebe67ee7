"""The monitoring form of a session: filled from what was recorded, with where each value is from.

Pure, and never sent by Postdose: a person checks it and sends it.
"""
