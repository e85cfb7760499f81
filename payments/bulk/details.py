"""What the page of a file's request shows beside the sentence: sums, digests, the first lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from panel.access import contact
from panel.access.request import PanelRequest
from panel.commands import decide
from panel.commands.registry import COMMANDS
from panel.models import ChangeRequest, Status
from panel.ui.details import Details, details_for
from payments.beneficiaries.details import shown as pay_to
from payments.bulk import readings
from payments.bulk.command import CarryOutFile, CarryOutRest, FileCommand
from payments.bulk.deciding import flagged, left_out_of
from payments.bulk.queries import files_of
from payments.bulk.sums import CurrencyFlow, Total, flows_of, shown
from payments.models import BulkFile, BulkItem, WarningCheck

FIRST = 10


@dataclass(frozen=True, slots=True)
class FileDetails:
    """A file as the person sees it who decides on it."""

    file: BulkFile
    totals: Sequence[Total]
    flows: Sequence[CurrencyFlow]
    rows: int
    lines_sha256: str
    # Each with where it is paid to, as far as the reader may see it.
    first: Sequence[tuple[BulkItem, str]]
    may_download: bool
    # What was read of its lines, and whether it is read anew now for this person's decision.
    reading: WarningCheck | None
    waits_for_reading: bool
    may_decide: bool
    to_decide: int
    open_to_me: int
    left_out: int


@details_for(CarryOutFile.name, CarryOutRest.name)
def file_details(change: ChangeRequest, request: PanelRequest) -> Details | None:
    """For those who see every account of the file; for others nothing of it."""
    seen = files_of(request.actor.person_or_fail()).select_related("platform", "uploaded_by")
    file = seen.filter(pk=change.payload["file"]).first()
    if file is None:
        return None
    command = COMMANDS[change.command]
    lines = BulkItem.objects.filter(file=file)
    if change.status == Status.PENDING and issubclass(command, FileCommand):
        lines = command.lines(file)
    person, clear = request.actor.person_or_fail(), request.actor.may(contact.RIGHT)
    reading = readings.latest(file, change)
    may_decide = not decide.why_not(change, person)
    to_decide = flagged(change, file, reading) if reading else []
    return Details(
        "payments/bulk/details.html",
        FileDetails(
            file=file,
            totals=shown(change.payload["totals"]),
            flows=flows_of(change.payload["totals"]),
            rows=change.payload["rows"],
            lines_sha256=change.payload["lines_sha256"],
            first=[
                (item, pay_to(item.destination, clear=clear))
                for item in lines.order_by("line")[:FIRST]
            ],
            may_download=clear,
            reading=reading,
            waits_for_reading=may_decide and not readings.is_fresh(reading, change),
            may_decide=may_decide,
            to_decide=len(to_decide),
            open_to_me=sum(one.is_open_for(person.pk) for one in to_decide),
            left_out=len(left_out_of(change)),
        ),
    )
