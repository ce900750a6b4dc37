"""Golden files: what a card looked like when somebody last looked at it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path


def looks_as_it_did(file: Path, card: str, *, update: bool) -> None:
    """Compare a card with its file, or with `update` write the file anew."""
    if update:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(card, "utf-8")
    assert file.exists(), f"no golden card for {file.stem}; look at it, then run pytest --update-golden"
    assert card == file.read_text("utf-8"), f"{file.stem} looks different; run pytest --update-golden and read the diff"


def none_is_left_over(folder: Path, names: Collection[str], *, update: bool) -> None:
    """Every file belongs to a card; with `update` the others are removed."""
    left = {file.name for file in folder.iterdir()} - {f"{name}.json" for name in names}
    if update:
        for name in left:
            (folder / name).unlink()
        left = set()
    assert left == set()
