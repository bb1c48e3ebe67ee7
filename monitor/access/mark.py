"""That a site has had users, kept outside its database: one that was lost cannot know of it.

It is a file beside the database, and says nothing but by being there. Nothing here reads the
database.
"""

import os
from pathlib import Path
from typing import Final

_WORDS: Final = b"People sign in here: see postdose user --help\n"


class UsersMark:
    """The mark of the database in the file `path`; one on a server, None, has none."""

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else Path(f"{path}.users")

    @property
    def is_set(self) -> bool:
        """Whether the site has had users; also where that cannot be told."""
        if self._file is None:
            return False
        try:
            self._file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def set(self) -> None:
        """Write down that there are users, on the disk. Raises `OSError`."""
        if self._file is None or self.is_set:
            return
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, _WORDS)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def clear(self) -> None:
        """The site is to be as one that never had users. Raises `OSError`."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
