"""Who began a multipart upload. The table stands in SQL beside this script, frozen."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    text = "\n".join(line for line in Path(__file__).with_suffix(".sql").read_text().splitlines() if line[:2] != "--")
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(statement)
