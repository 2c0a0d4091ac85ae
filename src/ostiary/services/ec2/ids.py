"""services/ec2: ids of resources: a prefix and 17 hexadecimal digits.

Source: Amazon EC2 User Guide, "Resource IDs".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ostiary.entropy import Entropy
from ostiary.services.ec2.faults import InvalidInstanceIdMalformed

_DIGITS: Final = 17
_INSTANCE: Final = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")
IMAGE: Final = re.compile(r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})")


def new_id(prefix: str, entropy: Entropy) -> str:
    """`new_id("i", …)` is `i-0123456789abcdef0`."""
    return f"{prefix}-{entropy.draw(9).hex()[:_DIGITS]}"


def id_from(prefix: str, secret: bytes) -> str:
    """The id that at least nine secret bytes stand for, always the same."""
    return f"{prefix}-{secret.hex()[:_DIGITS]}"


def well_formed(ids: Sequence[str]) -> tuple[str, ...]:
    """Instance ids, each once.

    Raises:
        InvalidInstanceIdMalformed: one has not the form of an instance id.
    """
    for each in ids:
        if not _INSTANCE.fullmatch(each):
            raise InvalidInstanceIdMalformed(f'Invalid id: "{each}"')
    return tuple(dict.fromkeys(ids))
