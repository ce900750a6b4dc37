"""Whose request it is: behind proxies that the settings name, the address that the outermost of them saw."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from flask import request

Network = IPv4Network | IPv6Network
#: an IPv6 caller has as many addresses as he likes, but only in a network of this many bits.
OWN_BITS = 64


def address(trusted: Sequence[Network]) -> str:
    """The address of who sent the current request; empty where the connection has none."""
    return outermost(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""), trusted)


def outermost(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The last address on the way here that is no proxy of ours.

    `forwarded` is X-Forwarded-For, to which each proxy adds on the right who came to it, so that it is read from there
    and only as long as who wrote is trusted: what stands further left is what a stranger wishes to be. What is no
    address ends the reading.
    """
    at = peer
    for hop in reversed(forwarded.split(",")):
        if not is_among(at, trusted) or _read(hop) is None:
            break
        at = hop.strip()
    return at


def is_among(address: str, trusted: Sequence[Network]) -> bool:
    """Whether an address is one of these networks', an IPv4 address in the notation of IPv6 as well."""
    at = _read(address)
    return at is not None and any(each in network for each in (at, ip_address(address.strip())) for network in trusted)


def household(address: str) -> str:
    """What is counted as one caller: an IPv4 address, or the network that an IPv6 address can be changed within."""
    at = _read(address)
    if isinstance(at, IPv6Address):
        return str(IPv6Address(int(at) >> OWN_BITS << OWN_BITS))
    return str(at or "")


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        at = ip_address(text.strip())
    except ValueError:
        return None
    return at.ipv4_mapped or at if isinstance(at, IPv6Address) else at
