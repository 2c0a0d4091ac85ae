"""The first tables. They stand in SQL beside this script, frozen: `tables.py` goes on."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    text = Path(__file__).with_suffix(".sql").read_text()
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(statement)
