"""The file of `ostiary serve --s3-engines`: which S3 endpoints keep which buckets."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from ostiary.settings import RemoteEngineSettings

_PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_REQUIRED: Final = frozenset({"prefix", "endpoint", "access_key_id", "secret_access_key"})
_OPTIONAL: Final = frozenset({"region", "exact_keys"})


class BadEngines(ValueError):
    """The file can't be used; the text says why, and holds no secret."""


def read_engines(path: Path) -> tuple[RemoteEngineSettings, ...]:
    """The engines of a file. Raises `BadEngines`."""
    try:
        if path.stat().st_mode & 0o077:
            raise BadEngines(f"`{path}` holds keys and can be read by others: chmod 600")
        tables = tomllib.loads(path.read_text())
    except OSError as error:
        raise BadEngines(f"`{path}` can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise BadEngines(f"`{path}` is not TOML") from None
    engines = tuple(_engine(name, table) for name, table in tables.items())
    prefixes = [engine.prefix for engine in engines]
    if len(set(prefixes)) < len(prefixes):
        raise BadEngines(f"`{path}` has one prefix twice")
    return engines


def _engine(name: str, table: Any) -> RemoteEngineSettings:
    if not isinstance(table, dict):
        raise BadEngines(f"`{name}` is no table: write [{name}]")
    wrong = (_REQUIRED - table.keys()) | (table.keys() - _REQUIRED - _OPTIONAL)
    if wrong:
        raise BadEngines(f"[{name}] needs {', '.join(sorted(_REQUIRED))} and may have {', '.join(sorted(_OPTIONAL))}")
    texts = {member: value for member, value in table.items() if member != "exact_keys"}
    exact = table.get("exact_keys", False)
    if not all(isinstance(value, str) for value in texts.values()) or not isinstance(exact, bool):
        raise BadEngines(f"[{name}] has a value of the wrong kind: texts, and true or false for exact_keys")
    if not _PREFIX.fullmatch(table["prefix"]):
        raise BadEngines(f"[{name}] has a prefix with which no bucket's name can begin")
    return RemoteEngineSettings(
        url=table["endpoint"],
        access_key_id=table["access_key_id"],
        secret_access_key=table["secret_access_key"],
        region=table.get("region", "us-east-1"),
        prefix=table["prefix"],
        exact_keys=exact,
    )
