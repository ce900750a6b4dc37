"""The encrypted column, and the keyed indexes that still find what is in it (P5)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, Engine, LargeBinary
from sqlalchemy.types import TypeDecorator

NONCE = 12


class Keyring:
    """The data keys by id; the first one writes, all of them read. The oldest one keys the indexes for good.

    `keys` are `"id:base64 of 32 bytes"`. Raises ValueError with a sentence that does not repeat the key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        pairs = [_parse(key) for key in keys]
        if not pairs or len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("security.data_keys：至少要有一个密钥，且编号不能重复。")
        self._keys = {name: AESGCM(key) for name, key in pairs}
        self._writer = pairs[0][0]
        self._index = hashlib.sha256(b"keban index" + pairs[-1][1]).digest()
        self._links = hashlib.sha256(b"keban links" + pairs[-1][1]).digest()
        self._audit = hashlib.sha256(b"keban audit" + pairs[-1][1]).digest()

    @classmethod
    def derived(cls, secret: str) -> Keyring:
        """A ring with one key made from the `security.secret_key`."""
        key = hashlib.sha256(b"keban data" + secret.encode()).digest()
        return cls([f"0:{base64.b64encode(key).decode()}"])

    def seal(self, plain: str, purpose: str) -> bytes:
        """Encrypt for one column: what is sealed for another purpose does not open here."""
        name, nonce = self._writer.encode(), os.urandom(NONCE)
        sealed = self._keys[self._writer].encrypt(nonce, plain.encode(), purpose.encode())
        return bytes([len(name)]) + name + nonce + sealed

    def open(self, sealed: bytes, purpose: str) -> str:
        """Decrypt. Raises ValueError when it was changed, moved, or its key is gone."""
        start = 1 + int.from_bytes(sealed[:1], "big")
        key = self._keys.get(sealed[1:start].decode())
        if key is None:
            raise ValueError("a value is sealed with a key that is not configured")
        nonce, body = sealed[start:][:NONCE], sealed[start + NONCE :]
        try:
            return key.decrypt(nonce, body, purpose.encode()).decode()
        except InvalidTag:
            raise ValueError("a sealed value was changed or moved") from None

    def index(self, plain: str, purpose: str) -> str:
        """A keyed hash to find equal values by; says nothing about them without the key."""
        return hmac.new(self._index, f"{purpose}\0{plain}".encode(), "sha256").hexdigest()[:32]

    def signature(self, plain: str, purpose: str) -> str:
        """128 bits, for an address, that only the holder of the keys can make for this purpose."""
        made = hmac.new(self._links, f"{purpose}\0{plain}".encode(), "sha256").digest()[:16]
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def witness(self, plain: str) -> str:
        """What only the holder of the keys can say of a place in the audit's chain (models/seals.py)."""
        return hmac.new(self._audit, plain.encode(), "sha256").hexdigest()


def _parse(text: str) -> tuple[str, bytes]:
    name, _, encoded = text.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if not 0 < len(name.encode()) < 32 or len(key) != 32:
        raise ValueError("security.data_keys：每个密钥写成 编号:32字节的base64。")
    return name, key


def equip(engine: Engine, ring: Keyring) -> None:
    """Give the engine its keys: the column type finds them at the dialect, so nothing is global."""
    engine.dialect.keyring = ring  # type: ignore[attr-defined]


def keyring(dialect: Dialect) -> Keyring:
    """The keys that `equip` gave."""
    return cast(Keyring, dialect.keyring)  # type: ignore[attr-defined]


class Sealed(TypeDecorator[str]):
    """Text encrypted at rest; `purpose` is the column's own name."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        super().__init__()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else keyring(dialect).seal(value, self.purpose)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring(dialect).open(bytes(value), self.purpose)
