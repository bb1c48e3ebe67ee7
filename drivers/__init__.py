"""What a device says: links, codecs, readings, and the device that joins them.

Imports no other package of Postdose.
"""
