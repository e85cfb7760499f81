"""Where uploaded files lie: outside the web root, under names that say nothing."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from payments.bulk.read import MOST_BYTES
from payments.models import BulkFile

PIECE = 1024 * 1024


class TooLarge(ValueError):
    """More bytes than a file may have; nothing is kept of it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it was kept."""

    name: str
    sha256: str
    size: int


def path_of(name: str) -> Path:
    """The place of a stored file."""
    return Path(settings.DATA_DIR) / "bulk" / name


def keep(pieces: Iterable[bytes]) -> Stored:
    """Write the bytes under a new name; raises `TooLarge`."""
    place = path_of(secrets.token_hex(20))
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        with place.open("xb") as out:
            place.chmod(0o600)
            for piece in pieces:
                size += len(piece)
                if size > MOST_BYTES:
                    raise TooLarge
                digest.update(piece)
                out.write(piece)
    except TooLarge:
        place.unlink()
        raise
    return Stored(place.name, digest.hexdigest(), size)


def opened(file: BulkFile) -> BinaryIO:
    """The stored bytes; raises `OSError` if they are gone."""
    return path_of(file.stored).open("rb")


def sha256_now(file: BulkFile) -> str:
    """The digest of the bytes as they lie there now; empty if they are gone."""
    digest = hashlib.sha256()
    try:
        with opened(file) as source:
            while piece := source.read(PIECE):
                digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest()
