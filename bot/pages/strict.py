"""What every answer of a page of ours says to the browser: show this and nothing else, keep nothing, tell nobody."""

from __future__ import annotations

import base64
import hashlib


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
