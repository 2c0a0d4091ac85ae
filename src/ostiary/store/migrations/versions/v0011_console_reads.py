"""What the console looks for in the record. The changes stand in SQL beside this script, frozen."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and fill them from what is recorded."""
    text = "\n".join(line for line in Path(__file__).with_suffix(".sql").read_text().splitlines() if line[:2] != "--")
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(statement)
