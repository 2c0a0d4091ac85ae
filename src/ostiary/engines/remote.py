"""Room `engines`: an S3 endpoint that somebody else runs: a SeaweedFS cluster, Ceph, AWS. It is asked now and then how
it is, so that nobody waits for one that is gone, and so that it is used again as soon as it is back.
"""

from __future__ import annotations

import threading
from typing import Final
from urllib.parse import urlsplit

from ostiary.engines import engine
from ostiary.engines.call import UpstreamBroken, UpstreamError, call
from ostiary.engines.engine import EngineAddress, EngineState, Signer

_ASKED_EVERY: Final = 5.0
_ASKED_AGAIN: Final = 1.0
"""Seconds, while it does not answer."""
_PATIENCE: Final = 5.0
_MISSES: Final = 2
"""Questions without an answer, one after the other, that make it unavailable."""


class RemoteEngine:
    """An `Engine`. Start it in the process that serves (after any fork): a thread asks how it is."""

    def __init__(
        self,
        endpoint_url: str,
        *,
        access_key: str,
        secret_key: str,
        region: str = "us-east-1",
        exact_keys: bool = False,
        signer: Signer,
    ) -> None:
        """`exact_keys`: the endpoint keeps every key exactly as it is written, as AWS and Ceph do. Unless told so, keys
        that SeaweedFS confuses are refused.

        Raises ValueError for a URL that is not `http(s)://host[:port]`.
        """
        parts = urlsplit(endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(f"`{endpoint_url}` is no endpoint: give it as http://host:port or https://host:port")
        if parts.username or parts.password:
            raise ValueError("an engine's endpoint holds no credentials: give access key and secret key apart")
        secure = parts.scheme == "https"
        self._exact, self._signer = exact_keys, signer
        self._address = EngineAddress(
            host=parts.hostname,
            port=parts.port or (443 if secure else 80),
            secure=secure,
            akid=access_key,
            secret=secret_key,
            region=region,
        )
        self._state = EngineState.STARTING
        self._failure: str | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> EngineState:
        """How it was when it was asked last."""
        return self._state

    @property
    def failure(self) -> str | None:
        """See `Engine.failure`."""
        return self._failure

    def of(self, bucket: str) -> RemoteEngine:
        """It keeps every bucket."""
        return self

    def address(self) -> EngineAddress | None:
        """The configured endpoint; None while it does not answer."""
        return None if self._state is EngineState.FAILED else self._address

    def unable(self, key: str, *, filled: bool = True) -> str | None:
        """See `Engine.unable`."""
        return None if self._exact else engine.unable(key, filled=filled)

    def unable_to_list(self, prefix: str) -> str | None:
        """See `Engine.unable_to_list`."""
        return None if self._exact else engine.unable_to_list(prefix)

    @property
    def takes_unsized(self) -> bool:
        """It may be AWS."""
        return False

    def start(self) -> None:
        """Begin to ask."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._watch, name="engine", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._state = EngineState.STOPPED

    def _watch(self) -> None:
        misses = 0
        while True:
            self._failure = self._ask()
            misses = misses + 1 if self._failure else 0
            if not misses:
                self._state = EngineState.READY
            elif misses >= _MISSES:
                self._state = EngineState.FAILED
            if self._stopping.wait(_ASKED_AGAIN if misses else _ASKED_EVERY):
                return

    def _ask(self) -> str | None:
        """Any answer will do but one that says that it is ill: our key may be forbidden to list."""
        try:
            answer = call(self._address, "GET", "/", signer=self._signer, timeout=_PATIENCE)
        except UpstreamBroken:
            return None if self._long_answer() else "the engine breaks off"
        except UpstreamError as error:
            return str(error)
        return f"the engine answers with status {answer.status}" if answer.status >= 500 else None

    def _long_answer(self) -> bool:
        """Whether it answers at all, where the list of its buckets could not be read."""
        try:
            call(self._address, "HEAD", "/", signer=self._signer, timeout=_PATIENCE)
        except UpstreamError:
            return False
        return True
