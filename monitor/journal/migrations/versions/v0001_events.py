"""Events, and the small tables beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the log and its companions."""
    op.create_table(
        "event",
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
    )
    op.create_index("event_of_bed", "event", ["bed", "n"], unique=True)
    op.create_index("event_bed_seq", "event", ["bed", "seq"])
    op.create_index("event_session_seq", "event", ["session", "seq"])
    op.create_index("event_type_seq", "event", ["type", "seq"])
    op.create_index("event_subject_seq", "event", ["subject", "seq"])
    op.create_table(
        "open_alarm",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("bed", sa.Text, nullable=False),
    )
    op.create_table(
        "receipt",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table(
        "delivery_cursor",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("delivery_cursor", "receipt", "open_alarm", "event"):
        op.drop_table(table)
