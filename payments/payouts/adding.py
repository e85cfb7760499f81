"""Making a batch: rows that were ticked on the desk come here, are looked at, and sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from django.urls import reverse

from panel.access.request import PanelRequest
from panel.commands.base import Command
from panel.models import ChangeRequest
from panel.ui.commands import CommandView
from panel.ui.links import Link
from panel.ui.platform import at
from panel.ui.views import OnPlatform
from payments.conversion import paid_text
from payments.desk.lists import WithdrawalListView
from payments.desk.queries import withdrawals_of
from payments.models import PayoutBatch
from payments.payouts import choosing
from payments.payouts.forms import BatchForm
from payments.payouts.making import MOST_LINES, MakeBatch
from payments.payouts.tables import batch_url


class BatchAddView(OnPlatform, CommandView):
    """A new batch. A POST without a step is the desk's: `ids`, or `all` with the list's filters."""

    permission: ClassVar[str] = "payments.payout"
    title: ClassVar[str] = "Make a payout batch"
    form_class = BatchForm
    template_name = "payments/payouts/add.html"
    # The tab of the desk whose rows are meant by `all`.
    tab: str = "to-pay"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list of batches."""
        return (Link("Payout batches", at(reverse("payout_batch_list"), self.platform)),)

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """From the desk, or a step of the form."""
        if "step" in request.POST:
            return super().post(request, *args, **kwargs)
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        """Everything that was ticked, on the server of the desk."""
        return {
            "server": self.platform.slug if self.platform else "",
            "withdrawals": [reference for reference, _ in self.offered],
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        """The withdrawals to choose from."""
        return {"offered": self.offered}

    @cached_property
    def offered(self) -> list[tuple[str, str]]:
        """The withdrawals of the form, each with what it pays and why it cannot be paid here."""
        person = self.request.actor.person_or_fail()
        asked = choosing.rows_of(self._asked()[: MOST_LINES + 1])
        rows = [row for row in asked if person.sees(row.platform_id, row.mt4_group)]
        problems = choosing.problems(rows, None, person)
        found = []
        for row in rows:
            amount, currency = choosing.to_client(row)
            label = f"{row}, {paid_text(amount, currency)} by {row.payment.get_method_display()}"
            label += f" to {choosing.where_to(row)['holder']}"
            problem = problems.get(row.pk)
            found.append((str(row), f"{label} ({problem})" if problem else label))
        return found

    def _asked(self) -> list[str]:
        sent = self.request.POST
        if "step" in sent:
            return sent.getlist("withdrawals")
        if sent.get("all"):
            return self._all()
        ids = [int(pk) for pk in sent.getlist("ids") if pk.isdecimal()]
        rows = withdrawals_of(self.request.actor.person_or_fail()).filter(pk__in=ids)
        return list(rows.values_list("payment__reference", flat=True))

    def _all(self) -> list[str]:
        """Every row that the desk's list shows with the filters of the address."""
        desk = WithdrawalListView()
        desk.setup(self.request, stage=self.tab)
        table, filters = desk.get_table()
        if filters is not None and not filters.is_valid():
            raise Http404("The list has filters that say nothing.")
        rows: Any = table.source
        return list(rows.values_list("payment__reference", flat=True)[: MOST_LINES + 1])

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The batch of what is ticked."""
        return MakeBatch(
            platform=self.platform.slug if self.platform else "",
            account=cleaned["account"],
            withdrawals=tuple(sorted(cleaned["withdrawals"])),
        )

    def get_done_url(self, change: ChangeRequest) -> str:
        """The batch; or the request, where a policy asks for a second person."""
        made = PayoutBatch.objects.filter(request=change).first()
        return batch_url(made) if made else super().get_done_url(change)
