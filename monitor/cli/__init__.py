"""The command `postdose`: arguments in, text and an exit status out.

Each command imports what it needs when it is called, so that every command starts fast. No
decision about a patient is made here.
"""

from monitor.cli.app import main

__all__ = ["main"]
