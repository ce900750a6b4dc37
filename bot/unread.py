"""Why the words of a command cannot be read: something is wrong with them, or one means several things."""

from __future__ import annotations

from collections.abc import Mapping

from models.errors import Ambiguous, Refused


class Mend(Exception):
    """Words of a command that cannot be read, by parameter; `barred` where one is not this person's to name."""

    def __init__(self, fields: Mapping[str, str], barred: Refused | None = None) -> None:
        super().__init__("、".join(fields))
        self.fields, self.barred = fields, barred


class Which(Exception):
    """A word of a command means several things."""

    def __init__(self, param: str, several: Ambiguous) -> None:
        super().__init__(several.say)
        self.param, self.several = param, several
