"""The keyed indexes beside sealed columns, and the form in which each value is looked for (P5)."""

from __future__ import annotations

from models.tables.sealed import Keyring
from models.text import private
from models.text.identifiers import last4
from models.text.private import Kind

MOBILE, ENDING, EMAIL = "contacts.mobile", "contacts.mobile.last4", "contacts.email"
ID_NUMBER, NONCE = "customers.id_number", "surveys.nonce"
#: hexadecimal digits: ten thousand endings share four thousand values, so that one says of nobody what his is.
ENDING_DIGITS = 3


def of_mobile(keys: Keyring, mobile: str | None) -> str | None:
    return mobile and keys.index(mobile, MOBILE)


def of_ending(keys: Keyring, mobile: str | None) -> str | None:
    """Of the last four digits; what is found by it still has to be compared."""
    return mobile and keys.index(last4(mobile), ENDING)[:ENDING_DIGITS]


def of_email(keys: Keyring, email: str | None) -> str | None:
    return email and keys.index(email.lower(), EMAIL)


def of_id_number(keys: Keyring, number: str | None) -> str | None:
    return number and keys.index(number, ID_NUMBER)


def of_nonce(keys: Keyring, nonce: str) -> str:
    return keys.index(nonce, NONCE)


def look_up_private(keys: Keyring, name: str, kind: Kind, spelling: str) -> dict[str, str | None]:
    """What `among` binds to find a value out of a text under any key."""
    return keys.lookup(name, private.normal(kind, spelling), f"private.{kind}")


def of_private(keys: Keyring, kind: Kind, spelling: str) -> str:
    """Of a value out of a text, however it was spelled there; of one that was erased nothing."""
    return spelling and keys.index(private.normal(kind, spelling), f"private.{kind}")
