"""The encrypted column, and the keyed indexes that still find what is in it (P5)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Dialect, Engine, LargeBinary, bindparam, or_
from sqlalchemy.types import TypeDecorator

NONCE = 12
#: look-ups name the hash under each of them.
MOST_KEYS = 3
#: hexadecimal digits of an index.
INDEX = 32


class Keyring:
    """The data keys by id: the first one writes, indexes and signs, all of them read, find and verify.

    `keys` are `"id:base64 of 32 bytes"`. Raises ValueError with a sentence that does not repeat the key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        pairs = [_parse(key) for key in keys]
        if not pairs or len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("security.data_keys：至少要有一个密钥，且编号不能重复。")
        if len(pairs) > MOST_KEYS:
            raise ValueError(f"security.data_keys：最多 {MOST_KEYS} 个；先执行 python app.py keys rotate，再去掉旧的。")
        self._keys = {name: AESGCM(key) for name, key in pairs}
        self._writer = pairs[0][0]
        self._indexes = [hashlib.sha256(b"keban index" + key).digest() for _, key in pairs]
        self._links = [hashlib.sha256(b"keban links" + key).digest() for _, key in pairs]
        self._proofs = [hashlib.sha256(b"keban audit" + key).digest() for _, key in pairs]

    @classmethod
    def derived(cls, secret: str) -> Keyring:
        """A ring with one key made from the `security.secret_key`."""
        key = hashlib.sha256(b"keban data" + secret.encode()).digest()
        return cls([f"0:{base64.b64encode(key).decode()}"])

    def seal(self, plain: str, purpose: str) -> bytes:
        """Encrypt for one column: what is sealed for another purpose does not open here."""
        nonce = os.urandom(NONCE)
        return self.head + nonce + self._keys[self._writer].encrypt(nonce, plain.encode(), purpose.encode())

    @property
    def head(self) -> bytes:
        """How everything begins that the first key sealed."""
        name = self._writer.encode()
        return bytes([len(name)]) + name

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
        return _hash(self._indexes[0], plain, purpose).hex()[:INDEX]

    def lookup(self, name: str, plain: str | None, purpose: str, digits: int = INDEX) -> dict[str, str | None]:
        """What `among` binds for `name`: the hash under each key, or nothing at all."""
        found: list[str | None] = [None] * MOST_KEYS
        if plain is not None:
            found[: len(self._indexes)] = [_hash(key, plain, purpose).hex()[:digits] for key in self._indexes]
        return {f"{name}_{place}": each for place, each in enumerate(found)}

    def signature(self, plain: str, purpose: str) -> str:
        """128 bits, for an address, that only the holder of the keys can make for this purpose."""
        return _signed(self._links[0], plain, purpose)

    def signed(self, plain: str, purpose: str, given: str) -> bool:
        """Whether this signature is one of ours, by whichever key."""
        made = (_signed(key, plain, purpose) for key in self._links)
        return any([hmac.compare_digest(each.encode(), given.encode()) for each in made])

    def witness(self, plain: str) -> str:
        """What only the holder of the keys can say of a place in the audit's chain (models/seals.py)."""
        return _proof(self._proofs[0], plain)

    def witnessed(self, plain: str, said: str) -> bool:
        """Whether this was said of it by a holder of any key."""
        return any([hmac.compare_digest(_proof(key, plain).encode(), said.encode()) for key in self._proofs])


def _hash(key: bytes, plain: str, purpose: str) -> bytes:
    return hmac.digest(key, f"{purpose}\0{plain}".encode(), "sha256")


def _proof(key: bytes, plain: str) -> str:
    return hmac.new(key, plain.encode(), "sha256").hexdigest()


def _signed(key: bytes, plain: str, purpose: str) -> str:
    return base64.urlsafe_b64encode(_hash(key, plain, purpose)[:16]).decode().rstrip("=")


def among(column: Any, name: str) -> ColumnElement[bool]:
    """That an index column has the hash under any key of the ring; `Keyring.lookup` binds it."""
    return or_(*(column == bindparam(f"{name}_{place}") for place in range(MOST_KEYS)))


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
