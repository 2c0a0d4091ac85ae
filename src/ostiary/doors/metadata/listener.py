"""The UNIX socket on which runners' relays reach the metadata door. Being able to open it is their proof: mode 0600.

Source: unix(7), "Pathname socket ownership and permissions".
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final

_ADDRESS_FILE: Final = "metadata-endpoint"


def bind_relay_socket(path: Path) -> socket.socket:
    """A listening socket at a path that only this user (and root) can connect to; one left behind is replaced.

    It is made under another name and moved into place, so it is never there with wider rights.

    Raises:
        OSError: the directory is not there or not writable.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        # an address holds 107 bytes: through the descriptor it is short, however long the directory's path is
        listener.bind(f"/proc/self/fd/{directory}/{draft.name}")
        draft.chmod(0o600)
        listener.listen(128)
        draft.rename(path)
    except BaseException:
        listener.close()
        draft.unlink(missing_ok=True)
        raise
    finally:
        os.close(directory)
    return listener


def note_address(data: Path, url: str) -> None:
    """Keep the address of the loopback listener in the data directory, for commands that tell people of it."""
    draft = data / f".{_ADDRESS_FILE}.{os.getpid()}"
    draft.write_text(url + "\n")
    draft.rename(data / _ADDRESS_FILE)


def noted_address(data: Path) -> str | None:
    """Where the loopback listener of this data directory is, or last was."""
    try:
        return (data / _ADDRESS_FILE).read_text().strip() or None
    except FileNotFoundError:
        return None
