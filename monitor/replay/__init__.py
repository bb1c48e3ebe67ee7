"""A recorded session run again, under the rules it had or under others.

Reads the journal and writes nothing to it.
"""

from monitor.replay.report import ReplayError, run_replay, run_what_if

__all__ = ["ReplayError", "run_replay", "run_what_if"]
