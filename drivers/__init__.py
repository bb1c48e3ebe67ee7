"""What a device says: links, codecs, readings, and the device that joins them.

A device's own numbers (line settings, ranges, how long it may be silent, when a value is
stale) are in the module of its name. Imports no other package of Postdose.
"""
