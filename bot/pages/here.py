"""Who may look at what is for this machine only."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from bot.pages import caller
from models.settings import Server

LOOPBACK = ("127.0.0.1", "::1")
#: what a proxy adds to what it passes on, each its own kind.
PASSED_ON = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


def is_here(server: Server) -> bool:
    """This machine, by a name of its own: a foreign name that leads here is somebody's trick (DNS rebinding).

    What came through a proxy is a stranger's, whatever the proxy says of him; where one is configured on this machine,
    so is everything from its address, because not every proxy says that it is one.
    """
    named = urlsplit(f"//{request.host}").hostname in (*LOOPBACK, "localhost")
    peer = request.remote_addr or ""
    passed_on = any(name in request.headers for name in PASSED_ON) or caller.is_among(peer, server.trusted_proxies)
    return named and peer in LOOPBACK and not passed_on
