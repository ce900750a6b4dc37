"""Files that people send: how large they may be, and what they are by their content, whatever they are called."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bot.event import Enclosed
from models.errors import Refused
from models.settings import Files

MB = 1024 * 1024
#: so many bytes are read at once.
CHUNK = 64 * 1024
#: how a kind of file begins
BEGINS = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"%PDF-": "pdf",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "office",  # before 2007
    b"Rar!\x1a\x07": "rar",
    b"7z\xbc\xaf\x27\x1c": "7z",
}
ZIP = b"PK\x03\x04"
#: what only an Office document since 2007 has in its archive
INSIDE = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
NO_TEXT = re.compile(r"[\0-\x08\x0b\x0e-\x1f\x7f]")
UNKNOWN = "只收图片、PDF、Office 文档、文本和压缩包，这个文件看起来都不是。"


class Gives(Protocol):
    """A client that gives away what people sent."""

    def download(self, enclosed: Enclosed, most: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class File:
    """What somebody sent; `kind` as its content says."""

    kind: str
    content: bytes
    name: str


def received(client: Gives, enclosed: Enclosed, files: Files) -> File:
    """Fetch what came with a message; never inside a unit of work. Raises SendError, Refused with a sentence."""
    content = client.download(enclosed, files.largest_mb * MB)
    if not (kind := kind_of(content)):
        raise Refused(UNKNOWN)
    return File(kind, content, enclosed.name)


def capped(chunks: Iterable[bytes], most: int) -> bytes:
    """All of it, as long as that is not more than `most` bytes. Raises Refused as soon as it is."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > most:
            raise Refused(f"文件太大了，最多 {most // MB} MB，请压缩或分成几个再发。")
    return bytes(content)


def ending(name: str) -> str:
    """How a file's name ends, in small ASCII letters; `bin` where it does not say."""
    last = name.rpartition(".")[2].lower()
    return last if last.isascii() and last.isalnum() else "bin"


def kind_of(content: bytes) -> str:
    """What a file is by its content; empty for what we do not take."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    if content.startswith(ZIP):
        return _archive(content)
    known = (kind for begin, kind in BEGINS.items() if content.startswith(begin))
    return next(known, "") or ("text" if content and _is_text(content) else "")


def _archive(content: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""
    return next((kind for name in names for start, kind in INSIDE.items() if name.startswith(start)), "zip")


def _is_text(content: bytes) -> bool:
    """Text as Windows and everybody else write it, without signs that no text has."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return not NO_TEXT.search(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    return False
