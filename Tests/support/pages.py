"""Reads the forms of a page as a browser without scripts would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form, its target, and the fields with the values they start with."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = True
            self.forms.append(Form(values.get("action", ""), values.get("method", "get").lower()))
        elif tag == "input" and self._inside and "name" in values:
            form = self.forms[-1]
            form.types[values["name"]] = values.get("type", "text")
            form.fields[values["name"]] = values.get("value", "")
        for name in ("href", "src"):
            if name in values:
                self.links.append(values[name])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


def form_for(page: str, action: str) -> Form:
    """The one form of a page that posts to `action`."""
    forms = [form for form in _read(page).forms if form.action == action]
    assert len(forms) == 1, f"{len(forms)} forms post to {action}"
    assert forms[0].method == "post"
    return forms[0]


def links(page: str) -> list[str]:
    """Everything the page links to or loads."""
    return _read(page).links


def actions(page: str) -> list[str]:
    """Where the forms of the page go."""
    return [form.action for form in _read(page).forms]
