"""The durable log of everything that was decided at every bed.

`Journal` is what the daemon opens, `JournalReader` what a command opens beside it, and
`monitor.journal.migrate.upgrade` brings an older schema up to date. See docs/journal.md.
"""

from monitor.journal.chunks import Bucket, Entry, Part, Start, Wave
from monitor.journal.database import StoreError
from monitor.journal.hash_chain import Fault, Head, Verdict
from monitor.journal.journal import Journal
from monitor.journal.queries import Receipt
from monitor.journal.reader import JournalReader

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
