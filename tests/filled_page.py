"""A page with a form as a browser has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Field:
    """A field of a page's form: its label, what stands in it, and what can be chosen."""

    label: str = ""
    value: str = ""
    options: dict[str, str] = field(default_factory=dict)

    def given(self, answer: str | None) -> str:
        """What is sent of it. Raises LookupError for an option that is not there."""
        if answer is None:
            return self.value
        return self.options[answer] if self.options else answer


class FormOnPage(HTMLParser):
    """The form of a page as a browser has it: `fields` by name, and its `button`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, Field] = {}
        self.button = ""
        self._labels: dict[str, str] = {}
        self._inside, self._of, self._option = "", "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {key: value or "" for key, value in attrs}
        self._inside = tag
        if tag == "label":
            self._of = about["for"]
        elif tag in ("input", "textarea", "select"):
            label = self._labels[about["id"]].removesuffix("（必填）")
            self._of = about["name"]
            self.fields[self._of] = Field(label, about.get("value", ""))
        elif tag == "option":
            self._option = about["value"]
            if "selected" in about:
                self.fields[self._of].value = self._option

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "label":
            self._labels[self._of] = self._labels.get(self._of, "") + data
        elif self._inside == "textarea":
            self.fields[self._of].value += data.removeprefix("\n")
        elif self._inside == "option":
            self.fields[self._of].options[data] = self._option
        elif self._inside == "button":
            self.button = data.strip()

    def filled(self, answers: Mapping[str, str]) -> dict[str, str]:
        """What the browser sends, with these answers by label. Raises LookupError for what cannot be filled in."""
        if strangers := set(answers) - {each.label for each in self.fields.values()}:
            raise LookupError(f"no field {sorted(strangers)}, only {[each.label for each in self.fields.values()]}")
        return {name: each.given(answers.get(each.label)) for name, each in self.fields.items()}
