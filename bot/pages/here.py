"""Who may look at what is for this machine only."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

LOOPBACK = ("127.0.0.1", "::1")


def is_here() -> bool:
    """This machine, by a name of its own: a foreign name that leads here is somebody's trick (DNS rebinding)."""
    named = urlsplit(f"//{request.host}").hostname in (*LOOPBACK, "localhost")
    return named and request.remote_addr in LOOPBACK and "X-Forwarded-For" not in request.headers
