"""What stands where the data of a person was erased, and finding what tells of him (P7). Pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from string import ascii_letters
from typing import Any, Final

from models.text import private
from models.text.identifiers import DASHES, SPACES, narrow
from models.text.private import ERASED

#: in place of a name, and of a whole text.
NAME: Final = "已擦除"
TEXT: Final = "（已擦除）"
#: what a customer who was a person is called afterwards, with his number.
CUSTOMER: Final = "已擦除客户"
#: a name of one character is in every other sentence, and so are few words of a text.
SHORTEST_NAME: Final = 2
SHORTEST_PIECE: Final = 6
#: a text may be shown cut off: it is looked for by pieces of this length.
PIECE: Final = 12
#: members of a card, and of an element of it, that are the program's own words or addresses.
OWN: Final = frozenset({"is", "do", "v", "tone"})
OWN_OF_ELEMENTS: Final = OWN | {"url", "name", "subject"}
_AGAIN: Final = re.compile(f"(?:{ERASED}){{2,}}")
_BETWEEN: Final = re.compile(rf"[{re.escape(SPACES + DASHES)}－()（）+]+")
_WIDE: Final = re.compile("[\uff10-\uff5a]")
_ENDS: Final = re.compile(r"⟦[^⟧]*⟧|[\"\\\s]+")


@dataclass(frozen=True)
class Traces:
    """By what a person is known in a text: `values` however they are spelled, `words` and `pieces` as they stand.

    What was written about him, in `pieces`, may be said of others as well: it counts only beside a value, a word, or
    one of the `signs`, which are numbers of ours and stay.
    """

    values: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset()
    signs: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, data: Iterable[str], names: Iterable[str] = (), texts: Iterable[str] = (), signs: Iterable[str] = ()
    ) -> Traces:
        """Of contact data in any spelling, also as others saw it masked, of names, and of stored texts about him."""
        data = list(data)
        spans = [span for each in data for span in private.find(each)]
        masked = {private.mask(span.kind, span.value) for span in spans}
        values = {form for each in data for form in forms(each)}
        words = {each for each in (*names, *data, *masked) if len(each) >= SHORTEST_NAME}
        parts = {part for text in texts for part in pieces(text)}
        return cls(frozenset(values), frozenset(words), frozenset(parts), frozenset(signs))

    def kept(self) -> str:
        """As text, to be read by `of_kept`."""
        return json.dumps({each.name: sorted(getattr(self, each.name)) for each in fields(self)}, ensure_ascii=False)

    @classmethod
    def of_kept(cls, text: str) -> Traces:
        """What `kept` wrote."""
        return cls(**{name: frozenset(words) for name, words in json.loads(text).items()})

    @cached_property
    def _any_word(self) -> re.Pattern[str]:
        longest_first = sorted(self.words | self.pieces, key=lambda word: (-len(word), word))
        return re.compile("|".join(map(_whole, longest_first)) or "(?!)")

    @cached_property
    def _in_json(self) -> list[str]:
        return [json.dumps(word, ensure_ascii=False)[1:-1] for word in self.words | self.signs]

    @cached_property
    def _packed_values(self) -> list[str]:
        return [_packed(value).lstrip("0") for value in self.values]

    def __bool__(self) -> bool:
        return bool(self.values or self.words or self.pieces)

    def touch(self, text: str) -> bool:
        """Whether a text, or what is kept as JSON, is about him; quick, because most is not."""
        text = html.unescape(text)  # as a platform's card has it
        if any(word in text for word in self._in_json):
            return True
        packed = _packed(text)
        return any(value in packed for value in self._packed_values)

    def without(self, text: str) -> str:
        """The text with 〔已擦除〕 in place of his words."""
        return _AGAIN.sub(ERASED, self._any_word.sub(ERASED, text))


def _whole(word: str) -> str:
    """A word, and no part of a longer one in letters of the alphabet."""
    before, after = (
        ("(?<![A-Za-z])" if word[0] in ascii_letters else ""),
        ("(?![A-Za-z])" if word[-1] in ascii_letters else ""),
    )
    return f"{before}{re.escape(word)}{after}"


def _packed(text: str) -> str:
    """Without what a number may be spelled with: what is in it here stands there as well, in whatever spelling."""
    close = _BETWEEN.sub("", text)
    return (narrow(close) if _WIDE.search(close) else close).casefold()


def pieces(text: str) -> Iterator[str]:
    """The parts of a stored text between its markers, lines and quotes, none of them long."""
    for part in _ENDS.split(text):
        if len(part) >= SHORTEST_PIECE:
            number = -(-len(part) // PIECE)
            ends = [len(part) * place // number for place in range(number + 1)]
            yield from (part[start:end] for start, end in pairwise(ends))


def forms(spelling: str) -> set[str]:
    """What a piece of contact data is compared by, whatever kind it is kept as."""
    return {spelling.casefold(), *(span.value.casefold() for span in private.find(spelling))}


def scrub(text: str, traces: Traces) -> str:
    """The text without what tells of him: 〔已擦除〕 stands there."""
    parts: list[str] = []
    done = 0
    for span in private.find(text):
        if span.value.casefold() in traces.values:
            parts += text[done : span.start], ERASED
            done = span.end
    return traces.without("".join(parts) + text[done:])


def scrub_kept(text: str, traces: Traces) -> str:
    """As `scrub`, in every word of what is kept as JSON, be it a card or what was typed, where it is about him."""
    return _scrubbed_text(text, traces) if traces.touch(text) else text


def _scrubbed_text(text: str, traces: Traces) -> str:
    plain = _read(text)
    if plain is None:
        return scrub(text, traces)
    new = _scrubbed(plain, traces)
    return text if new == plain else json.dumps(new, ensure_ascii=False, separators=(",", ":"))


def _read(text: str) -> Any:
    """The object or list that a text holds as JSON; None where it is a text."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _scrubbed(value: Any, traces: Traces) -> Any:
    if isinstance(value, str):
        return _scrubbed_text(value, traces)
    if isinstance(value, list):
        return [_scrubbed(each, traces) for each in value]
    if isinstance(value, dict):
        own = OWN_OF_ELEMENTS if "is" in value else OWN
        inside = _values_only if value.get("is") == "Fields" else _scrubbed
        return {key: each if key in own else inside(each, traces) for key, each in value.items()}
    return value


def _values_only(pairs: Any, traces: Traces) -> Any:
    """Of pairs of our labels and what stands beside them."""
    return [[label, *(_scrubbed(each, traces) for each in rest)] for label, *rest in pairs]
