"""The durable log of everything that was decided at every bed.

`Journal` is what the daemon opens, `JournalReader` what a command opens beside it, and
`monitor.journal.migrate.upgrade` brings an older schema up to date. See docs/journal.md.
"""

from monitor.journal.chain import Fault, Head, Verdict
from monitor.journal.database import StoreError
from monitor.journal.journal import Journal
from monitor.journal.reader import Receipt
from monitor.journal.reading import JournalReader
from monitor.journal.samples import Bucket, Entry, Part, Start, Wave

__all__ = [
    "Bucket",
    "Entry",
    "Fault",
    "Head",
    "Journal",
    "JournalReader",
    "Part",
    "Receipt",
    "Start",
    "StoreError",
    "Verdict",
    "Wave",
]
