"""Organizations. The tables stand in SQL beside this script, frozen.

An installation's organization itself is made by the next start, which has the ids to draw.
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of organizations."""
    text = Path(__file__).with_suffix(".sql").read_text()
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(statement)
