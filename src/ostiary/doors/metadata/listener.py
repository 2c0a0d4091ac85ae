"""The UNIX socket on which runners' relays reach the metadata door. Being able to open it is their proof: mode 0600.

Source: unix(7), "Pathname socket ownership and permissions".
"""

from __future__ import annotations

import os
import socket
from pathlib import Path


def bind_relay_socket(path: Path) -> socket.socket:
    """A listening socket at a path that only this user (and root) can connect to; one left behind is replaced.

    It is made under another name and moved into place, so it is never there with wider rights.

    Raises:
        OSError: the directory is not writable, or the path is longer than 107 bytes.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(draft))
        draft.chmod(0o600)
        listener.listen(128)
        draft.rename(path)
    except BaseException:
        listener.close()
        draft.unlink(missing_ok=True)
        raise
    return listener
