"""Kinds of files that people attach: known by their ending, and held to it by their content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import filetype

HEAD = 8192
"""Bytes at a file's beginning that tell what it is."""
OTHER = "file-text"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the content types by which its content is known, the first its own.

    Empty for text, which has no mark: it holds no byte that text has not.
    """

    icon: str
    content_type: str
    found_as: frozenset[str] = frozenset()

    def fits(self, head: bytes) -> bool:
        """Whether a file that begins so is of this kind."""
        found = filetype.guess_mime(head)
        if self.content_type.startswith("text/"):
            return found is None and b"\0" not in head
        return found == self.content_type or found in self.found_as


_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIP = frozenset({"application/zip"})
_JPEG = Kind("photo", "image/jpeg")
KINDS: Mapping[str, Kind] = {
    "pdf": Kind("file-description", "application/pdf"),
    "png": Kind("photo", "image/png"),
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "heic": Kind("photo", "image/heic"),
    "webp": Kind("photo", "image/webp"),
    "csv": Kind("file-spreadsheet", "text/csv"),
    "xlsx": Kind("file-spreadsheet", f"{_OFFICE}spreadsheetml.sheet", _ZIP),
    "docx": Kind("file-description", f"{_OFFICE}wordprocessingml.document", _ZIP),
    "txt": Kind("file-text", "text/plain"),
}


def ending_of(name: str) -> str:
    """`pdf` of `Invoice.PDF`."""
    return PurePosixPath(name).suffix[1:].lower()


def icon_of(name: str) -> str:
    """The icon of a file's kind, by its name."""
    kind = KINDS.get(ending_of(name))
    return kind.icon if kind else OTHER
