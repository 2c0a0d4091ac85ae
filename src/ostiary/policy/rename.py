"""policy: the principals of a document under other names (IAM User Guide, "IAM identifiers": unique identifiers).

IAM keeps the users and roles of a trust policy by their unique ids and shows their ARNs again when the policy is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from ostiary.policy.parse import Layout, Path, read


def map_principals(text: str, rename: Callable[[str], str]) -> str:
    """The same document with every `AWS` entry of Principal and NotPrincipal passed through `rename`.

    Everything else stays as written, white space included.

    Raises:
        MalformedPolicy: the text is no JSON.
    """
    read(text)
    out: list[str] = []
    done = 0
    for spot in Layout(text).walk():
        if _names_aws(spot.path) and text[spot.start] == '"':
            entry = json.loads(text[spot.start : spot.end])
            renamed = rename(entry)
            if renamed != entry:
                out += [text[done : spot.start], json.dumps(renamed, ensure_ascii=False)]
                done = spot.end
    return "".join([*out, text[done:]])


def _names_aws(path: Path) -> bool:
    """Whether a path leads to `Statement[n].Principal.AWS[m]`, either list being optional."""
    names = [step for step in path if not isinstance(step, int)]
    return names in (["Statement", "Principal", "AWS"], ["Statement", "NotPrincipal", "AWS"])
