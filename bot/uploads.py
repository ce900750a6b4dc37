"""Pictures that a platform has already, by their content: an update of a card uploads nothing anew."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable

MOST = 500


class Uploaded:
    """What `upload` gave for each of the last `MOST` pictures of this process; safe to share between threads."""

    def __init__(self, upload: Callable[[bytes], str]) -> None:
        self._upload, self._lock = upload, threading.Lock()
        self._keys = OrderedDict[bytes, str]()

    def key(self, content: bytes) -> str:
        """By what the platform knows this picture. Raises SendError."""
        name = hashlib.sha256(content).digest()
        with self._lock:
            known = self._keys.get(name)
            if known:
                self._keys.move_to_end(name)
                return known
        key = self._upload(content)  # two who come together both upload, which does no harm
        with self._lock:
            self._keys[name] = key
            while len(self._keys) > MOST:
                self._keys.popitem(last=False)
        return key
