"""Room `engines`: runs a command that dies with the process that wanted it.

Called as a script: `python leash.py PARENT-PID COMMAND [ARGUMENT…]`. It becomes the command.

Source: prctl(2), PR_SET_PDEATHSIG. The signal is sent when the *thread* that started us ends, so that thread has to
live as long as the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final, NoReturn

_PR_SET_PDEATHSIG: Final = 1


def main(parent: int, command: list[str]) -> NoReturn:
    """Tie our life to `parent`'s, then become `command`."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        sys.exit(f"prctl(PR_SET_PDEATHSIG): {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # it died before we were tied
        sys.exit("the server that wanted this command is gone")
    os.execv(command[0], command)  # noqa: S606 - the command is ours


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
