"""What every page of ours is strict about: its link is proven first, and the browser shows this and nothing else."""

from __future__ import annotations

import base64
import hashlib
import logging

from models import links
from models.errors import NotFound
from models.tables.sealed import Keyring

security = logging.getLogger("keban.security")


def nonce(keys: Keyring, purpose: str, token: str) -> str:
    """What a link is about. A forged one is refused before anything is read or asked. Raises NotFound."""
    found = links.about(keys, purpose, token)
    if found is None:
        security.warning("rejected a %s link that was not made here", purpose)
        raise NotFound
    return found


def hashed(style: str) -> str:
    """How a policy names the one style that is allowed."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def headers(style: str) -> dict[str, str]:
    """The headers of a page whose only style is this one, and which has no script."""
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{hashed(style)}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
    }
