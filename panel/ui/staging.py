"""Files between their upload and the button that sends the form.

A browser gives a file once, but a form is previewed, corrected and sent: what was uploaded waits
in the data folder under a random name, and the form carries a signed token of it.
"""

from __future__ import annotations

import hashlib
import os
import time
import unicodedata
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from panel.ui.kinds import icon_of

LIFE = 24 * 3600
"""Seconds for which an upload waits for its form."""
NAME = 120
"""Characters of a file's name that are kept."""
_SALT = "panel.ui.staging"


class Gone(LookupError):
    """An upload whose time is over, or a token that is not ours."""


@dataclass(frozen=True, slots=True)
class Staged:
    """An uploaded file that waits. `size` in bytes, `sha256` of its content in hex."""

    name: str
    size: int
    content_type: str
    sha256: str
    stored: str

    @property
    def path(self) -> Path:
        """Where it lies now."""
        return folder() / self.stored

    @property
    def token(self) -> str:
        """What the form carries instead of the file."""
        return signing.dumps(asdict(self), salt=_SALT)

    @property
    def icon(self) -> str:
        """The icon of its kind."""
        return icon_of(self.name)

    def keep(self, into: Path) -> str:
        """Keep it for good in the folder `into`; returns its random name there.

        The waiting one stays until its time is over: a form that is sent again finds it.
        """
        into.mkdir(parents=True, exist_ok=True)
        stored = uuid.uuid4().hex
        os.link(self.path, into / stored)
        return stored


def folder() -> Path:
    """Where uploads wait: in the data folder, outside of what the site serves."""
    return Path(settings.MEDIA_ROOT) / "staged"


def stage(upload: UploadedFile[bytes], content_type: str) -> Staged:
    """Put an upload down to wait, a piece at a time."""
    folder().mkdir(parents=True, exist_ok=True)
    stored = uuid.uuid4().hex
    digest = hashlib.sha256()
    size = 0
    with (folder() / stored).open("xb") as file:
        for piece in upload.chunks():
            file.write(piece)
            digest.update(piece)
            size += len(piece)
    return Staged(plain_name(upload.name or ""), size, content_type, digest.hexdigest(), stored)


def staged(token: str) -> Staged:
    """The file of a token; raises `Gone`."""
    try:
        found = Staged(**signing.loads(token, salt=_SALT, max_age=LIFE))
    except signing.BadSignature as error:
        raise Gone(str(error)) from error
    if not found.path.is_file():
        raise Gone(found.name)
    return found


def sweep() -> int:
    """Forget uploads whose form was never sent; returns how many."""
    past = time.time() - LIFE
    old = [path for path in folder().glob("*") if path.stat().st_mtime < past]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def plain_name(name: str) -> str:
    """A name without folders and without what cannot be seen, not too long, its ending kept."""
    name = PurePosixPath(name.replace("\\", "/")).name
    name = "".join(c for c in name if not unicodedata.category(c).startswith("C")).strip()
    ending = PurePosixPath(name).suffix[:10]
    return f"{PurePosixPath(name).stem[: NAME - len(ending)]}{ending}" or "file"
