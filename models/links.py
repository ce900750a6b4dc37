"""Links that prove themselves: a random part, and its signature for one purpose. A forged one costs no query."""

from __future__ import annotations

import secrets

from models.settings import Server
from models.tables.sealed import Keyring

NONCE, SIGNATURE = 22, 22
SURVEY = "survey"
FORM = "form"
FILE = "file"


def nonce() -> str:
    """128 random bits; what a link is about is found by them."""
    return secrets.token_urlsafe(16)


def token(keys: Keyring, purpose: str, about: str) -> str:
    """What stands in the address: the nonce and its signature."""
    return about + keys.signature(about, f"link.{purpose}")


def about(keys: Keyring, purpose: str, given: str) -> str | None:
    """The nonce of a token; None for one that was changed in any place or made for another purpose."""
    if len(given) != NONCE + SIGNATURE:
        return None
    return given[:NONCE] if keys.signed(given[:NONCE], f"link.{purpose}", given[NONCE:]) else None


def address(server: Server, path: str) -> str:
    """The whole address of a page, as the outside sees it; without a `base_url`, as this machine does."""
    return f"{server.base_url.rstrip('/') or f'http://{server.host}:{server.port}'}{path}"
