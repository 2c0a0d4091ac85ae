"""doors/console: the policy picker as a part of a page's form: `templates/picker.html` shows it, this reads it.

The form's fields: `find`, `kind`, `at` (the page), `policy` (a chosen ARN, several), `unpick` (one that is taken off).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ostiary.doors.console.forms import Fields
from ostiary.doors.console.visit import Seen, Visit
from ostiary.services.console.policy_picker import KINDS, Picks, policy_picker

FIELDS: Final = ("find", "kind", "at", "policy", "unpick")


def chosen(fields: Fields) -> list[str]:
    """The ARNs that are chosen, in their order."""
    return [arn for arn in fields.all("policy") if arn not in fields.all("unpick")]


def picks(visit: Visit, fields: Fields | None = None, *, more: Sequence[str] = (), size: int = 12) -> Seen[Picks]:
    """What the search finds and what is chosen; the fields are the form's, of a GET the query's."""
    if fields is None:
        fields = visit.form if visit.method == "POST" else visit.query
    kind = fields.get("kind")
    return visit.glimpse(
        policy_picker,
        find=fields.get("find")[:128],
        kind=kind if kind in KINDS else "",
        page=fields.number("at", 1, least=1),
        chosen=chosen(fields)[:100],
        more=tuple(more),
        size=size,
    )
