"""Dense samples, in chunks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of chunks."""
    op.create_table(
        "sample_chunk",
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
    )
    op.create_index("sample_chunk_session", "sample_chunk", ["session", "kind", "start_ms"])
    op.create_index("sample_chunk_bed", "sample_chunk", ["bed", "kind", "start_ms"])


def downgrade() -> None:
    """Drop the table of chunks."""
    op.drop_table("sample_chunk")
