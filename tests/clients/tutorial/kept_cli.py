"""The aws CLI, kept running: a command a line on standard input, its outcome a line on standard output.

A process of its own: awscli puts the botocore that it brings along in the place of the installed one.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver


def main() -> None:
    """Until the input ends."""
    cli, outcome = create_clidriver(), sys.stdout
    for line in sys.stdin:
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            try:
                code = cli.main(json.loads(line))
            except SystemExit as left:  # of argparse: a command that there isn't
                code = left.code
        print(json.dumps([code, out.getvalue(), error.getvalue()]), file=outcome, flush=True)


if __name__ == "__main__":
    main()
