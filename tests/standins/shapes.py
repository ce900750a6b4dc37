"""Small checks of JSON values that add up to a strict schema; each yields problems with their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Check = Callable[[Any, str], Iterator[str]]


def string(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path}: {value!r} is not a string"


def filled(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str) or not value:
        yield f"{path}: {value!r} is not a string with something in it"


def flag(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{path}: {value!r} is not true or false"


def true(value: Any, path: str) -> Iterator[str]:
    if value is not True:
        yield f"{path}: {value!r}, only true is allowed"


def mapping(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is not an object"


def words(allowed: str) -> Check:
    """One of the words in `allowed`, which stand there with blanks between them."""
    known = allowed.split()

    def verdict(value: Any, path: str) -> Iterator[str]:
        if value not in known:
            yield f"{path}: {value!r} is none of {allowed}"

    return verdict


def whole(low: int, high: int) -> Check:
    def verdict(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield f"{path}: {value!r} is not a whole number from {low} to {high}"

    return verdict


def matching(pattern: str, what: str) -> Check:
    def verdict(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            yield f"{path}: {value!r} is not {what}"

    return verdict


def pixels(low: int, high: int, *other: str, counts: tuple[int, ...] = (1,)) -> Check:
    def verdict(value: Any, path: str) -> Iterator[str]:
        parts = value.split(" ") if isinstance(value, str) else []
        sizes = [int(part[:-2]) for part in parts if re.fullmatch(r"-?\d+px", part)]
        fits = len(sizes) == len(parts) in counts and all(low <= each <= high for each in sizes)
        if not fits and value not in other:
            yield f"{path}: {value!r} is not {low}px to {high}px" + "".join(f" or {each}" for each in other)

    return verdict


def many(each: Check, least: int = 0, most: int | None = None) -> Check:
    def verdict(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is not a list"
            return
        if len(value) < least or (most is not None and len(value) > most):
            yield f"{path}: {len(value)} entries, allowed are {least} to {most}"
        for index, part in enumerate(value):
            yield from each(part, f"{path}[{index}]")

    return verdict


def record(need: Mapping[str, Check], /, **may: Check) -> Check:
    known = {**need, **may}

    def verdict(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is not an object"
            return
        yield from (f"{path}: {name} is missing" for name in need if name not in value)
        for name, part in value.items():
            if name in known:
                yield from known[name](part, f"{path}.{name}")
            else:
                yield f"{path}: unknown property {name!r}"

    return verdict


def one_of(key: str, kinds: Mapping[str, Check]) -> Check:
    """The shape named by the value's own `key`, which is its `tag` or `type`."""

    def verdict(value: Any, path: str) -> Iterator[str]:
        kind = value.get(key) if isinstance(value, dict) else None
        if isinstance(kind, str) and kind in kinds:
            yield from kinds[kind]({k: v for k, v in value.items() if k != key}, f"{path}({kind})")
        else:
            yield f"{path}: {key} {kind!r} is not allowed here"

    return verdict
