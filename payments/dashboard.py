"""The figures behind the dashboard's chart of net deposits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, cast

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from panel.access.request import PanelRequest
from panel.lib.money import decimals
from panel.models import Platform
from panel.ui.platform import platform_of
from payments.models import MoneyMirror
from payments.queries import by_day, net_deposits

DAYS = 30


class NetDepositsView(APIView):
    """Deposits, withdrawals and what is left of them per day, in one currency, for the chart.

    `?currency=EUR` chooses one, else the one that moved most is shown; `?platform=demo` a platform,
    else the one in use. Days are in the reader's zone, withdrawals are negative.
    """

    permission: ClassVar[str] = "payments.view"

    def get(self, request: Request) -> Response:
        """As `ui/chart.html` reads it, with the currencies there are to choose from."""
        page = cast(PanelRequest, request._request)
        person = page.actor.person_or_fail()
        slug = request.query_params.get("platform", "")
        platform = (
            Platform.objects.filter(slug=slug, enabled=True).first() if slug else platform_of(page)
        )
        lines = by_day(net_deposits(person, platform, DAYS), DAYS)
        currency = request.query_params.get("currency", "") or next(iter(lines), "")
        line = lines.get(currency, [])
        mirror = MoneyMirror.objects.filter(platform=platform).first()
        return Response(
            {
                "labels": [day.isoformat() for day, _, _ in line],
                "series": [
                    _series("Deposits", "bars", "green", [came for _, came, _ in line]),
                    _series("Withdrawals", "bars", "red", [-went for _, _, went in line]),
                    _series("Net", "line", "accent", [came - went for _, came, went in line]),
                ],
                "unit": currency,
                "decimals": decimals(currency),
                "currencies": list(lines),
                "as_of": mirror.read_at.isoformat() if mirror else None,
                "zone": timezone.get_current_timezone_name(),
            }
        )


def _series(name: str, kind: str, colour: str, amounts: list[Decimal]) -> dict[str, Any]:
    # Doubles are for drawing alone: nothing is computed from them.
    return {"name": name, "kind": kind, "colour": colour, "values": [float(a) for a in amounts]}
