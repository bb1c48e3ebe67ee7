"""The patient's window: sessions, beds, the journal, and the daemon that joins them."""

from importlib.metadata import version

__version__ = version("postdose")
