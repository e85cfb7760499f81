"""The upload form: a file, or a few rows pasted into a box."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from payments.bulk.read import MOST_BYTES
from payments.bulk.rows import COLUMNS
from payments.commands import LAST_DAY
from payments.models import Method

PASTED = 200_000
"""Characters of pasted rows; what is longer is a file."""


class FileOrRowsForm(forms.Form):
    """A file, or a few rows pasted into a box. Subclasses say how large the file may be."""

    most_bytes: ClassVar[int]
    too_large: ClassVar[str]
    file_help: ClassVar[str]
    rows_help: ClassVar[str]

    file = forms.FileField(
        required=False,
        max_length=200,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    rows = forms.CharField(
        required=False,
        max_length=PASTED,
        strip=False,
        label="Or rows, pasted",
        widget=forms.Textarea(
            attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off", "class": "num"}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = self.file_help
        self.fields["rows"].help_text = self.rows_help

    def clean(self) -> dict[str, Any]:
        """One of the two, not both, and no more than fits."""
        cleaned = super().clean() or self.cleaned_data
        file, rows = cleaned.get("file"), str(cleaned.get("rows", "")).strip()
        if file and rows:
            raise forms.ValidationError("Choose a file or paste rows, not both.")
        if not file and not rows and not self.errors:
            raise forms.ValidationError("Choose a file, or paste rows.")
        if file and file.size > self.most_bytes:
            self.add_error("file", self.too_large)
        return cleaned


class UploadForm(FileOrRowsForm):
    """What is to be paid, the way it comes or goes, and the last day of credit, if there is any."""

    most_bytes = MOST_BYTES
    too_large = "The file is larger than 50 MiB: part it."
    file_help = "CSV (UTF-8) or a workbook (.xlsx): at most 100,000 rows and 50 MiB."
    rows_help = (
        f"One payment on each line: {', '.join(COLUMNS)}. Separated by commas, semicolons or tabs, "
        "as a spreadsheet copies them."
    )

    method = forms.ChoiceField(choices=Method.choices)
    credit_expires = forms.DateField(
        required=False,
        label="Credit ends on",
        widget=forms.DateInput(attrs={"type": "date", "max": LAST_DAY.isoformat()}),
        help_text="Needed for rows of credit in, one day for all of them: they are good until its "
        "end on the trade server's clock. Credit that ends on another day goes into another file.",
    )

    def clean(self) -> dict[str, Any]:
        """Also a day of credit that MT4 can keep."""
        cleaned = super().clean()
        if cleaned.get("credit_expires") and cleaned["credit_expires"] > LAST_DAY:
            self.add_error("credit_expires", f"MT4 knows no day after {LAST_DAY:%d %b %Y}.")
        return cleaned


class SubmitForm(forms.Form):
    """Why the file is to be carried out; `needed` where its lines cannot go without."""

    reason = forms.CharField(
        max_length=500,
        required=False,
        label="Why",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Whoever decides on it reads this, and the audit log keeps it.",
    )

    def __init__(self, *args: Any, needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needed
