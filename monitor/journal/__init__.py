"""The durable log of everything that was decided at every bed.

`Journal` is what the daemon opens, `JournalReader` what a command opens beside it, and
`monitor.journal.migrate.upgrade` brings an older schema up to date.
See docs/reference/journal.md.
"""

from monitor.journal import backup, database, queries, schema
from monitor.journal.chunk_codec import Bucket, InputBlock, InputEntry, StartBlock, Wave
from monitor.journal.database import (
    HeldError,
    StoreError,
    UnavailableError,
    parse_store_url,
    refuse_other_revisions,
    revision,
)
from monitor.journal.feed import EventFeed, LatestValueCache, Subscription
from monitor.journal.hash_chain import (
    EVENTS_LOST,
    JOURNAL_STREAM,
    ChainHead,
    IntegrityFault,
    Loss,
    VerificationResult,
)
from monitor.journal.journal import Journal
from monitor.journal.queries import Receipt
from monitor.journal.reader import JournalReader
from monitor.journal.waveform_blocks import WaveformBlock, float32

__all__ = [
    "EVENTS_LOST",
    "JOURNAL_STREAM",
    "Bucket",
    "ChainHead",
    "EventFeed",
    "HeldError",
    "InputBlock",
    "InputEntry",
    "IntegrityFault",
    "Journal",
    "JournalReader",
    "LatestValueCache",
    "Loss",
    "Receipt",
    "StartBlock",
    "StoreError",
    "Subscription",
    "UnavailableError",
    "VerificationResult",
    "Wave",
    "WaveformBlock",
    "backup",
    "database",
    "float32",
    "parse_store_url",
    "queries",
    "refuse_other_revisions",
    "revision",
    "schema",
]
