"""Pictures that a platform has already, by their content: an update of a card uploads nothing anew."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from bot.platform import SendError
from cards import pictures
from cards.kit import Image

MOST = 500
#: what a failed upload says that has to be heeded: the card would come to the same.
WAITS = ("limited", "crowded")
log = logging.getLogger(__name__)


class Uploaded:
    """What `upload` gave for each of the last `MOST` pictures of this process; safe to share between threads."""

    def __init__(self, upload: Callable[[bytes], str]) -> None:
        self._upload, self._lock = upload, threading.Lock()
        self._keys = OrderedDict[bytes, str]()

    def drawn(self, image: Image) -> str | None:
        """By what the platform knows a picture; None where it cannot be uploaded: the card goes without it.

        Why it cannot says nothing of the platform: files may have a host of their own. Raises SendError where the
        platform asks to wait.
        """
        try:
            return self._key(pictures.png(image))
        except SendError as no:
            if no.outcome in WAITS:
                raise
            log.warning("%s: a card goes without its picture", no)
            return None

    def _key(self, content: bytes) -> str:
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
