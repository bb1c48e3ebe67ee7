"""A recorded session run again, under the rules it had or under others.

Reads the journal and writes nothing to it.
"""
