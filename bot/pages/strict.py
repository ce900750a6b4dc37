"""What every page of ours is strict about: its link is proven first, and the browser shows this and nothing else."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Mapping

from flask import request
from werkzeug.exceptions import BadRequest, HTTPException

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


def filled_in() -> Mapping[str, str]:
    """The fields of the form that was sent. Raises BadRequest for a body that no server can read to its end."""
    try:
        return request.form
    except HTTPException:
        raise
    except Exception:  # broken chunks: each server has its own errors for them
        raise BadRequest from None


#: what every answer of ours says to a browser, the platforms' doors included.
EVERYWHERE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def headers(style: str) -> dict[str, str]:
    """The headers of a page whose only style is this one, and which has no script."""
    policy = (
        f"default-src 'none'; style-src 'sha256-{hashed(style)}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return EVERYWHERE | {"Content-Security-Policy": policy, "X-Robots-Tag": "noindex, nofollow"}
