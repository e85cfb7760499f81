"""What can be taken home: the template, the errors, the file as uploaded, the result."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, ClassVar

from django.http import FileResponse, Http404, HttpResponse
from openpyxl import Workbook

from panel import audit
from panel.access import contact
from panel.access.request import PanelRequest
from panel.lib.money import as_kept
from panel.ui.csv_answer import csv_answer, plain_name
from panel.ui.file_errors import file_errors_csv
from panel.ui.views import PanelView
from payments.beneficiaries.details import shown
from payments.bulk import store
from payments.bulk.faults import faults_of
from payments.bulk.rows import COLUMNS
from payments.bulk.views import UPLOAD, OfFile
from payments.models import BulkFile, BulkItem

EXAMPLES = (
    ("100234", "deposit", "1234.50", "USD", "SEPA-2026-11-0042", "November", "", ""),
    (
        *("100235", "withdrawal", "250.00", "USD", "", ""),
        *("Anna Kowalska", "DE89 3704 0044 0532 0130 00"),
    ),
)
RESULT = (
    "line",
    "login",
    "kind",
    "amount",
    "currency",
    "reference",
    "comment",
    "beneficiary",
    "destination",
    "outcome",
    "ticket",
    "reference_in_mt4",
    "message",
    "finished_utc",
)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STORED = (
    "line",
    "login",
    "kind",
    "amount",
    "currency",
    "external_reference",
    "comment",
    "beneficiary",
    "destination",
    "state",
    "ticket",
    "reference",
    "text",
    "finished",
)


class TemplateView(PanelView):
    """An empty file to be filled in, with an example row for each way money goes."""

    permission: ClassVar[str] = UPLOAD

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As CSV or as a workbook, whose columns are text so that nothing is rounded or guessed."""
        if kwargs["form"] == "csv":
            rows = [COLUMNS, *EXAMPLES]
            text = "".join(",".join(row) + "\n" for row in rows)
            return _download(text.encode(), "payments.csv", "text/csv; charset=utf-8")
        return _download(workbook(), "payments.xlsx", WORKBOOK)


def workbook() -> bytes:
    """The template as a workbook."""
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise TypeError("A new workbook has a sheet.")
    sheet.title = "Payments"
    sheet.append(COLUMNS)
    for example in EXAMPLES:
        sheet.append(example)
    for letter in "ABCDEFGH":
        sheet.column_dimensions[letter].width = 20
        sheet.column_dimensions[letter].number_format = "@"
        for row in range(2, 2 + len(EXAMPLES)):
            sheet[f"{letter}{row}"].number_format = "@"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _download(data: bytes, name: str, kind: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(data, content_type=kind, headers=headers)


class ErrorsView(OfFile):
    """Everything that is wrong with a file."""

    permission: ClassVar[str] = "payments.view"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As CSV."""
        faults = faults_of(self.file, clear=request.actor.may(contact.RIGHT))
        return file_errors_csv(faults, f"{self.file.name}-errors.csv")  # type: ignore[return-value]


class SourceView(OfFile):
    """The bytes as they were uploaded; taking them is recorded."""

    permission: ClassVar[str] = "payments.view"

    def may(self, request: PanelRequest) -> bool:
        """It holds whole account numbers."""
        return super().may(request) and request.actor.may(contact.RIGHT)

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The stored file, as a download in every browser."""
        try:
            source = store.opened(self.file)
        except OSError as error:
            raise Http404("The stored file is gone.") from error
        _recorded(request, self.file, "bulk file downloaded")
        is_book = self.file.source == BulkFile.Source.XLSX
        return FileResponse(  # type: ignore[return-value]
            source,
            as_attachment=True,
            filename=plain_name(self.file.name),
            content_type=WORKBOOK if is_book else "text/csv",
        )


class ResultView(OfFile):
    """Every line with what became of it; taking it is recorded."""

    permission: ClassVar[str] = "payments.view"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As CSV."""
        _recorded(request, self.file, "bulk result exported")
        name = f"{self.file.name.rpartition('.')[0] or self.file.name}-result.csv"
        rows = result_rows(self.file, clear=request.actor.may(contact.RIGHT))
        return csv_answer(RESULT, rows, name)  # type: ignore[return-value]


def result_rows(file: BulkFile, *, clear: bool) -> Iterator[tuple[object, ...]]:
    """The lines in their order; amounts in the decimals of their currency, times in UTC.

    Of where a line is paid to only the end, unless `clear`.
    """
    words = dict(BulkItem.State.choices)
    rows = BulkItem.objects.filter(file=file).order_by("line").values_list(*_STORED)
    for row in rows.iterator(chunk_size=2_000):
        line, login, kind, amount, currency, *told = row
        *told, destination, state, ticket, reference, text, finished = told
        yield (
            line,
            login,
            kind,
            as_kept(amount, currency),
            currency,
            *told,
            shown(destination, clear=clear),
            words[state],
            ticket,
            reference,
            text,
            finished.strftime("%Y-%m-%d %H:%M:%S") if finished else "",
        )


def _recorded(request: PanelRequest, file: BulkFile, action: str) -> None:
    audit.record(
        request.actor,
        action,
        source="web",
        obj=("bulk file", file.pk, file.name),
        platform=file.platform,
        request=file.run,
        detail=f"{file.rows:,} rows",
    )
