"""The command `ostiary`: one module a verb. A verb's module is imported when the verb is used."""

from __future__ import annotations

import importlib
import sys
from typing import Final

import typer

_VERBS: Final = {
    "serve": "Start the server: the AWS endpoint, instance metadata, the S3 engine.",
    "account": "Accounts of this installation.",
    "mfa": "MFA devices: load hardware tokens.",
    "configure": "Write a profile for the aws CLI and the SDKs.",
    "instance": "Run commands as instances with a role.",
    "policy": "Test, validate and decide policies without a server.",
    "events": "List the latest requests.",
    "explain": "Say why a request was allowed or denied.",
}


def build() -> typer.Typer:
    """The command with the verbs that the arguments name; all of them for help."""
    app = typer.Typer(
        help="The identity and access management of AWS, as software that anybody can run.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def _top() -> None:
        """The identity and access management of AWS, as software that anybody can run."""

    named = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None)
    for verb, text in _VERBS.items():
        if named in (None, verb) or named not in _VERBS:
            module = importlib.import_module(f"ostiary.cli.{verb}")
            verbs: typer.Typer = module.app
            if len(verbs.registered_commands) == 1 and not verbs.registered_groups and not verbs.registered_callback:
                command = verbs.registered_commands[0]
                app.command(verb, help=text)(command.callback or _top)
            else:
                app.add_typer(verbs, name=verb, help=text)
    return app


def main() -> None:
    """Entry of the command."""
    build()()
