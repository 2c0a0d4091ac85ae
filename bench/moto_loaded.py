"""moto's server with users in its memory: `python -m bench.moto_loaded PORT USERS`."""

from __future__ import annotations

import sys

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.server import main

from bench.servers import user_name

if __name__ == "__main__":
    backend = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for number in range(int(sys.argv[2])):
        backend.create_user("us-east-1", user_name(number))
    main(["--port", sys.argv[1]])
