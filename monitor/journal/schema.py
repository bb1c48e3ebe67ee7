"""The journal's tables, and nothing that reads or writes them.

`event` is the append-only log; the tables beside it are either derived from it
(`open_alarm`), short-lived (`receipt`, `delivery_cursor`), dense data that is not
chained (`sample_chunk`), or who may act, which `monitor.access` reads and writes (`account`,
`station`, `sign_in`, `token`) and who did (`access_log`).
"""

from typing import Final

import sqlalchemy as sa

REVISIONS: Final = ("0001", "0002", "0003")
"""Every schema revision, oldest first; the last one is what this program reads and writes."""

metadata = sa.MetaData()

event = sa.Table(
    "event",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("bed", sa.Text, nullable=False),
    sa.Column("n", sa.BigInteger, nullable=False),
    sa.Column("session", sa.Text),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("subject", sa.Text),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("prev_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Index("event_of_bed", "bed", "n", unique=True),
    sa.Index("event_bed_seq", "bed", "seq"),
    sa.Index("event_session_seq", "session", "seq"),
    sa.Index("event_type_seq", "type", "seq"),
    sa.Index("event_subject_seq", "subject", "seq"),
)

open_alarm = sa.Table(
    "open_alarm",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("bed", sa.Text, nullable=False),
)

receipt = sa.Table(
    "receipt",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

delivery_cursor = sa.Table(
    "delivery_cursor",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
)

sample_chunk = sa.Table(
    "sample_chunk",
    metadata,
    sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    sa.Column("bed", sa.Text, nullable=False),
    sa.Column("session", sa.Text),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("encoding", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Index("sample_chunk_session", "session", "kind", "start_ms"),
    sa.Index("sample_chunk_bed", "bed", "kind", "start_ms"),
)

account = sa.Table(
    "account",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("pin_hash", sa.Text),
    sa.Column("since", sa.Text, nullable=False),
    sa.Column("disabled_at", sa.Text),
)

station = sa.Table(
    "station",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("until", sa.Text, nullable=False),
)

sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
)

token = sa.Table(
    "token",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("since", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text),
)

access_log = sa.Table(
    "access_log",
    metadata,
    sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Index("access_log_at", "at"),
)
