"""Room `engines`: several engines behind one address; which of them keeps a bucket is told by the bucket's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ostiary.engines.engine import Engine, EngineAddress, EngineState


class Several:
    """An `Engine` that stands for others. The longest prefix that a bucket's name has decides; the prefix `""` is the
    engine of all other buckets.
    """

    def __init__(self, by_prefix: Mapping[str, Engine]) -> None:
        """Raises ValueError without an engine for all other buckets."""
        if "" not in by_prefix:
            raise ValueError("one engine must keep the buckets that no prefix names")
        self._by_prefix: Final = sorted(by_prefix.items(), key=lambda each: len(each[0]), reverse=True)
        self._rest: Final = by_prefix[""]

    def of(self, bucket: str) -> Engine:
        """The engine that keeps a bucket."""
        return next(engine for prefix, engine in self._by_prefix if bucket.startswith(prefix))

    @property
    def state(self) -> EngineState:
        """READY when all are; else that of the first that is not."""
        states = (engine.state for _, engine in self._by_prefix)
        return next((state for state in states if state is not EngineState.READY), EngineState.READY)

    @property
    def failure(self) -> str | None:
        """What the first says that is not ready, with its prefix."""
        for prefix, engine in self._by_prefix:
            if engine.failure:
                return f"{prefix}*: {engine.failure}"
        return None

    def address(self) -> EngineAddress | None:
        """That of the engine of all other buckets."""
        return self._rest.address()

    def unable(self, key: str, *, filled: bool = True) -> str | None:
        """What that engine can't keep apart; ask the engine of the bucket."""
        return self._rest.unable(key, filled=filled)

    def unable_to_list(self, prefix: str) -> str | None:
        """See `unable`."""
        return self._rest.unable_to_list(prefix)

    @property
    def takes_unsized(self) -> bool:
        """That of the engine of all other buckets; ask the engine of the bucket."""
        return self._rest.takes_unsized

    def start(self) -> None:
        """Begin, all of them."""
        for _, engine in self._by_prefix:
            engine.start()

    def stop(self) -> None:
        """End, all of them."""
        for _, engine in self._by_prefix:
            engine.stop()
