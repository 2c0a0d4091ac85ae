"""doors/console: what a page does, as a line of the aws command."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPECIAL: Final = {"MFA": "Mfa", "SSH": "Ssh", "SAML": "Saml"}


def cli_line(service: str, operation: str, params: Mapping[str, Any]) -> str:
    """`aws iam create-user --user-name alice`. Secrets must not be among the parameters."""
    options = [_option(name, value) for name, value in params.items() if value is not None]
    return " ".join(["aws", service, _dashed(operation), *(each for option in options for each in option)])


def _option(name: str, value: Any) -> list[str]:
    option = f"--{_dashed(name)}"
    if isinstance(value, bool):
        return [option if value else f"--no-{_dashed(name)}"]
    if isinstance(value, list | tuple):
        if name == "Tags":
            return [option, *(shlex.quote(f"Key={each['Key']},Value={each['Value']}") for each in value)]
        return [option, *(shlex.quote(str(each)) for each in value)]
    if isinstance(value, Mapping):
        return [option, shlex.quote(json.dumps(value))]
    return [option, shlex.quote(str(value))]


def _dashed(name: str) -> str:
    for written, read in _SPECIAL.items():
        name = name.replace(written, read)
    return _WORDS.sub("-", name).lower()
