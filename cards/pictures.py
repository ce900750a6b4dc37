"""The pictures of cards, drawn where a card is shown."""

from __future__ import annotations

import io
from functools import lru_cache

from cards.kit import Image


@lru_cache(maxsize=64)
def png(image: Image) -> bytes:
    """The picture as PNG: a QR code with its margin, 8 pixels a module."""
    import segno  # loaded when a code is drawn

    drawn = io.BytesIO()
    segno.make(image.data, error="m", micro=False).save(drawn, kind="png", scale=8, border=4)
    return drawn.getvalue()
