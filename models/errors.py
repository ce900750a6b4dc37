"""What a person is told; anything else that is raised is our fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.work import Work


class Refused(Exception):
    """这个操作没有完成。"""

    def __init__(self, say: str = "", subject: str = "") -> None:
        """`subject` is what it was refused for, as an audit row names it, where that is known."""
        self.say = say or type(self).__doc__ or ""
        self.subject = subject
        super().__init__(self.say)

    @property
    def denied(self) -> bool:
        """Whether a permission was refused; a slip of the pen is no operation. What is not his names its subject."""
        return bool(self.subject)

    def settle(self, work: Work) -> None:
        """What has to be kept although the operation was undone."""


class NotFound(Refused):
    """没有找到。"""


class NotAllowed(Refused):
    """没有权限做这个操作。"""

    denied = True


class AlreadyDone(Refused):
    """已经处理过了。"""


class Ambiguous(Refused):
    """有不止一个符合，请选一个。

    `choices` are (what to type instead, what the person sees).
    """

    def __init__(self, say: str, choices: list[tuple[str, str]]) -> None:
        super().__init__(say)
        self.choices = choices


class Invalid(Refused):
    """有的内容需要改一下。

    `fields` maps the label of a field to what is wrong with it and how to mend it.
    """

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("；".join(f"{label}：{say}" if label else say for label, say in fields.items()))
        self.fields = fields


class Unavailable(Exception):
    """The database is away or too busy; nothing was claimed, the platform may deliver again."""


class Repeat(Unavailable):
    """The database undid the work for a reason that may be gone the next time."""


class Taken(Repeat):
    """Somebody else took the same key meanwhile: done again, the work sees his row."""


class Claimed(Exception):
    """This event was carried out before; nothing was changed now."""
