"""Attachments: looked at before they are kept, and kept where no web server looks."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

import filetype
from django.conf import settings

from panel.commands.base import Invalid, PanelCommand, Preview, Risk, Target
from panel.commands.errors import Denied
from panel.commands.registry import register
from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform
from payments.models import Attachment, Payment

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from panel.access.actor import Actor
    from panel.mt4.read import Reader

# Bytes.
LARGEST = 10 * 1024 * 1024
# What the content may be, and how the name of such a file ends.
KINDS = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
}
NAME = 120
_STORED = re.compile(r"[0-9a-f]{32}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was looked at and written to the data folder."""

    file_name: str
    content_type: str
    size: int
    sha256: str
    stored: str


def path_of(stored: str) -> Path:
    """Where a file lies; raises `ValueError` for a name that none of ours has."""
    if not _STORED.match(stored):
        raise ValueError(f"{stored!r} is no name of a stored file.")
    return Path(settings.DATA_DIR) / "attachments" / stored[:2] / stored


def digest_of(stored: str) -> str:
    """SHA-256 of a file as it lies there now; raises `FileNotFoundError`."""
    with path_of(stored).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def store(upload: UploadedFile[Any]) -> Stored:
    """Look at an upload and keep it under a random name, readable for the panel alone.

    What it is, its content says, not its name. Raises `Invalid`; then nothing is kept.
    """
    size = upload.size or 0
    if size > LARGEST:
        raise Invalid.of(f"The file is larger than {LARGEST // 1024 // 1024} MiB.", "file")
    if size == 0:
        raise Invalid.of("The file is empty.", "file")
    kind = filetype.guess_mime(upload.read(8192))
    if kind not in KINDS:
        raise Invalid.of("Only PDF, PNG and JPEG files can be attached.", "file")
    upload.seek(0)
    stored = secrets.token_hex(16)
    path = path_of(stored)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in _chunks(upload):
            digest.update(chunk)
            file.write(chunk)
    return Stored(clean_name(upload.name or "", kind), kind, size, digest.hexdigest(), stored)


def _chunks(upload: UploadedFile[Any]) -> Iterator[bytes]:
    while chunk := upload.read(64 * 1024):
        yield chunk


def drop(kept: Stored) -> None:
    """Take a file away that nothing refers to."""
    path_of(kept.stored).unlink(missing_ok=True)


def clean_name(name: str, kind: str) -> str:
    """The name without folders and letters nobody sees, ending as its content says."""
    plain = _CONTROL.sub("", PurePosixPath(name.replace("\\", "/")).name).strip(" .") or "file"
    endings = KINDS[kind]
    if not plain.lower().endswith(endings):
        plain += endings[0]
    stem, ending = plain[: plain.rindex(".")], plain[plain.rindex(".") :]
    return stem[: NAME - len(ending)] + ending


@register
@dataclass(frozen=True, kw_only=True)
class AttachFile(PanelCommand):
    """A file that was stored is put with a payment of any kind. `payment` is its reference."""

    name: ClassVar[str] = "payments.attach"
    label: ClassVar[str] = "Attachment to a payment"
    prefix: ClassVar[str] = "AT"
    permission: ClassVar[str] = "payments.note"
    approve_permission: ClassVar[str] = "payments.approve_withdrawal"
    risk: ClassVar[Risk] = Risk.NORMAL

    payment: str
    file_name: str
    content_type: str
    size: int
    sha256: str
    stored: str

    @classmethod
    def of(cls, payment: str, kept: Stored) -> AttachFile:
        """The command for a file that was just stored."""
        return cls(payment=payment, **asdict(kept))

    @property
    def row(self) -> Payment:
        """The payment; raises `Invalid` if there is none."""
        found = Payment.objects.select_related("platform").filter(reference=self.payment).first()
        if found is None:
            raise Invalid.of(f"There is no payment {self.payment}.", "payment")
        return found

    def get_platform(self) -> Platform:
        """The payment's platform, so that scopes hold; it is not asked anything."""
        return self.row.platform

    def target(self, reader: Reader | None) -> Target:
        """The payment. Not under its account: papers are no changes of an account."""
        row = self.row
        text = f"{row.login} {row.account_name}"
        return Target("payment", row.reference, text, group=row.mt4_group, currency=row.currency)

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """The file must lie there as it was described, and with no payment yet."""
        try:
            found = digest_of(self.stored)
        except (ValueError, FileNotFoundError) as error:
            raise Invalid.of("The file is not there: attach it again.", "file") from error
        if found != self.sha256 or self.content_type not in KINDS:
            raise Invalid.of("The file is not the one that was looked at.", "file")
        if Attachment.objects.filter(stored=self.stored).exists():
            raise Invalid.of("This file is attached already.", "file")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Which payment it is put with."""
        return {"payment": self.row.reference}

    def preview(self, reader: Reader | None) -> Preview:
        """The file."""
        return Preview(sentence=f"Attach {self.file_name} to {self.payment}", button="Attach file")

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Put it with the payment."""
        row = Attachment.objects.create(
            payment=self.row,
            added_by=request.maker,
            name=self.file_name,
            content_type=self.content_type,
            size=self.size,
            sha256=self.sha256,
            stored=self.stored,
        )
        return {"attachment": row.pk, "sha256": self.sha256}


def attach(
    payment: str, upload: UploadedFile[Any] | None, *, actor: Actor, key: str
) -> tuple[ChangeRequest, str]:
    """Keep an upload and put it with a payment; the request and the file's name.

    What cannot be attached is not kept. Raises `Invalid` and what `submit` raises.
    """
    if upload is None:
        raise Invalid.of("Choose a file first.", "file")
    if not actor.may(AttachFile.permission):
        raise Denied("Your roles do not carry the right to attach files.")
    kept = store(upload)
    try:
        change = submit(AttachFile.of(payment, kept), actor=actor, source="web", reason="", key=key)
    except (Invalid, Denied):
        drop(kept)
        raise
    return change, kept.file_name
