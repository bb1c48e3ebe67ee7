"""Which dependencies are here in another version than was tested, by the lock that is shipped.

`requirements.lock` beside this file is made by `make lock`. Nothing here knows where or how
Postdose was installed.
"""

import re
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==(\S+)", re.MULTILINE)


def differing() -> list[str]:
    """Each dependency that is here in another version than was tested, in words.

    One that is not here, as of another platform or of an extra, is left out.
    """
    tested = defaultdict[str, list[str]](list)
    for name, pinned in _PINNED.findall(locked()):
        tested[name].append(pinned)
    found = []
    for name, versions in tested.items():
        try:
            here = version(name)
        except PackageNotFoundError:
            continue
        if here not in versions:
            found.append(f"{name} {here}, not {' or '.join(versions)}")
    return found


def locked() -> str:
    """The lock, as pip reads it: every dependency of the program with its version and hashes."""
    return files("monitor").joinpath("requirements.lock").read_text()
