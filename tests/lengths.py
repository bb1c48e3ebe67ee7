"""How long tests search at random.

`make test` searches briefly and finds the same each time; `make test-long` searches long and
elsewhere each time, and names what it found so that it can be run again.
"""

import os
from typing import Final, TypeVar

T = TypeVar("T")

LONG: Final = os.environ.get("POSTDOSE_TESTS") == "long"


def length(usual: T, long: T) -> T:
    """`usual`, or `long` in the long run."""
    return long if LONG else usual
