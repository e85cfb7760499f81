"""A form's field for files: several, listed with name and size, each removable before sending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.renderers import BaseRenderer
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from panel.ui.kinds import HEAD, KINDS, ending_of
from panel.ui.staging import Gone, Staged, stage, staged

MIB = 1024 * 1024
DOCUMENTS = ("pdf", "png", "jpg", "jpeg", "heic", "webp", "csv", "xlsx", "docx", "txt")


@dataclass(slots=True)
class Chosen:
    """What the browser sent: new files, and tokens of those that were sent before."""

    new: list[UploadedFile[bytes]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


class AttachmentsInput(forms.FileInput):
    """The control: what is attached so far, and a box that takes more."""

    allow_multiple_selected = True
    kinds: Sequence[str] = DOCUMENTS
    most = 1
    largest = MIB
    files: list[Staged] | None = None
    """What the field has taken; None until it has looked."""

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Mapping[str, Any], name: str
    ) -> Chosen:
        """New files and kept tokens."""
        return Chosen(_several(files, name), _several(data, f"{name}_kept"))

    def value_omitted_from_data(
        self, data: Mapping[str, Any], files: Mapping[str, Any], name: str
    ) -> bool:
        """Whether there is nothing of this field."""
        return name not in files and f"{name}_kept" not in data

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """The list and the box."""
        files = self.files
        if files is None:
            files = _waiting(value.kept)[0] if isinstance(value, Chosen) else []
        # Files that are kept satisfy it; the server asks for those that are not.
        attributes = {**self.build_attrs(self.attrs, attrs or {}), "required": False}
        return SafeString(
            render_to_string(
                "ui/attachments_field.html",
                {
                    "name": name,
                    "files": files,
                    "attrs": attributes,
                    "accept": ",".join(f".{kind}" for kind in self.kinds),
                    "kinds": {kind: KINDS[kind].icon for kind in self.kinds},
                    "icons": sorted({KINDS[kind].icon for kind in self.kinds}),
                    "most": self.most,
                    "largest": self.largest,
                },
            )
        )


class AttachmentsField(forms.Field):
    """Files of `kinds` (endings of `panel.ui.kinds`), `most` of them, `largest` bytes each.

    Its value is a list of `Staged`, in the order they were attached.
    """

    widget = AttachmentsInput

    def __init__(
        self,
        *,
        kinds: Sequence[str] = DOCUMENTS,
        most: int = 10,
        largest: int = 10 * MIB,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.kinds, self.most, self.largest = kinds, most, largest
        self.widget.kinds, self.widget.most, self.widget.largest = kinds, most, largest
        if not self.help_text:
            self.help_text = limits_text(kinds, most, largest)

    def clean(self, value: Chosen) -> list[Staged]:
        """The files that are attached; those that are in order survive others' errors."""
        files, errors = _waiting(value.kept)
        for upload in value.new:
            try:
                files.append(stage(upload, self.check(upload)))
            except ValidationError as error:
                errors.append(error)
        files = list({file.sha256: file for file in files}.values())
        self.widget.files = files
        if len(files) > self.most:
            errors.append(
                ValidationError(
                    f"There are {len(files)} files; at most {self.most} can be attached. "
                    "Remove some.",
                    code="many",
                )
            )
        if errors:
            raise ValidationError(errors)
        if self.required and not files:
            raise ValidationError(self.error_messages["required"], code="required")
        return files

    def check(self, upload: UploadedFile[bytes]) -> str:
        """The content type of an upload that may be attached; raises `ValidationError`."""
        name = upload.name or ""
        if not upload.size:
            raise ValidationError(f"{name} is empty.", code="empty")
        if upload.size > self.largest:
            raise ValidationError(
                f"{name} has {filesizeformat(upload.size)}; at most "
                f"{filesizeformat(self.largest)} can be attached.",
                code="large",
            )
        ending = ending_of(name)
        if ending not in self.kinds:
            raise ValidationError(f"{name} is not {kinds_text(self.kinds)}.", code="kind")
        upload.seek(0)
        head = upload.read(HEAD)
        upload.seek(0)
        if not KINDS[ending].fits(head):
            raise ValidationError(
                f"{name} ends in .{ending}, but its content is something else.", code="content"
            )
        return KINDS[ending].content_type


def kept_values(name: str, files: Sequence[Staged]) -> list[tuple[str, str]]:
    """Hidden values by which a form's next step has the files again."""
    return [(f"{name}_kept", file.token) for file in files]


def kinds_text(kinds: Sequence[str]) -> str:
    """`PDF, PNG or CSV`."""
    names = [kind.upper() for kind in kinds if kind != "jpeg" or "jpg" not in kinds]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def limits_text(kinds: Sequence[str], most: int, largest: int) -> str:
    """`PDF or PNG, at most 10 files of 10.0 MB each.`"""
    size = filesizeformat(largest)
    count = f"at most {size}" if most == 1 else f"at most {most} files of {size} each"
    return f"{kinds_text(kinds)}; {count}."


def _waiting(tokens: Sequence[str]) -> tuple[list[Staged], list[ValidationError]]:
    files: list[Staged] = []
    errors: list[ValidationError] = []
    for token in tokens:
        try:
            files.append(staged(token))
        except Gone:
            errors.append(
                ValidationError("A file has waited for too long: attach it again.", code="gone")
            )
    return files, errors


def _several(values: Mapping[str, Any], name: str) -> list[Any]:
    if hasattr(values, "getlist"):
        return list(values.getlist(name))
    return list(values.get(name, []))
