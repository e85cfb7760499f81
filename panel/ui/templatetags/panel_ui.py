"""Tags and filters that every template has without loading them (`builtins` in the settings)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField, Form
from django.http import QueryDict
from django.utils.safestring import SafeString

from panel.commands.base import Change
from panel.models import ChangeRequest
from panel.ui import browsers, cells, figures, file_errors, forms, story
from panel.ui.icons import icon_html
from panel.ui.kinds import icon_of
from panel.ui.states import state_html

register = template.Library()


@register.filter
def money(value: Decimal | int | None, currency: str = "") -> SafeString:
    """`{{ account.balance|money }}` or `{{ account.balance|money:account.currency }}`."""
    return cells.money_html(value, currency)


@register.filter
def amount(value: Decimal | int | None, currency: str) -> SafeString:
    """`{{ account.balance|amount:account.currency }}`: its decimals, where its name is beside."""
    return cells.money_html(value, currency, named=False)


@register.filter
def asked_amount(request: ChangeRequest) -> SafeString:
    """`{{ row|asked_amount }}`: what a request moves; in, out and net where it is both."""
    return cells.money_html(story.amount_of(request), request.currency)


@register.filter
def lots(value: int | None) -> SafeString:
    """`{{ trade.volume|lots }}`: hundredths of a lot, as MT4 keeps them, in lots."""
    return cells.lots_html(value)


@register.filter
def price(value: Decimal | None, digits: int = 5) -> SafeString:
    """`{{ trade.open_price|price:trade.digits }}`."""
    return cells.price_html(value, int(digits))


@register.filter
def percent(value: Decimal | int | None, places: int = 0) -> SafeString:
    """`{{ margin.level|percent }}`."""
    return cells.percent_html(value, int(places))


@register.filter
def count(value: int | None) -> SafeString:
    """`{{ total|count }}`: a whole number with thousands separated."""
    return cells.count_html(value)


@register.filter
def copy(value: object) -> SafeString:
    """`{{ request.reference|copy }}`: monospaced, copied by a click."""
    return cells.copy_html(value)


@register.simple_tag
def login(value: object, url: str = "") -> SafeString:
    """`{% login account.login account.get_absolute_url %}`: a link, with a copy button beside."""
    return cells.copy_html(value, url)


@register.filter
def when(value: datetime | None) -> SafeString:
    """`{{ row.created|when }}`: short, the whole on hover."""
    return cells.when_html(value)


@register.simple_tag
def when_full(value: datetime | None, clock: figures.ServerClock | None = None) -> SafeString:
    """`{% when_full request.created platform %}`: with zone, the server's time beside it."""
    return cells.when_full_html(value, clock)


@register.filter
def age(value: datetime | None) -> str:
    """`{{ row.created|age }}`: `3 min`."""
    return figures.UNKNOWN if value is None else figures.span_text(figures.age_seconds(value))


@register.simple_tag
def as_of(value: datetime | None, limit: int = 60) -> SafeString:
    """`{% as_of mirrored_at 60 %}`: turns amber when older than `limit` seconds."""
    return cells.as_of_html(value, limit)


@register.filter
def yes_no(value: bool | None) -> SafeString:
    """`yes`, `no` or a dash."""
    return cells.yes_no_html(value)


@register.filter
def all_figures(changes: Iterable[Change | Mapping[str, Any]]) -> bool:
    """Whether a comparison holds figures alone, which then stand under one another."""
    rows = [row if isinstance(row, Mapping) else asdict(row) for row in changes]
    return all(figures.is_figure(str(row[side])) for row in rows for side in ("before", "after"))


@register.filter
def excerpt(value: str) -> SafeString:
    """`{{ fault.value|excerpt }}`: what stands in a file, its spaces and odd characters seen."""
    return file_errors.excerpt(value)


@register.filter
def file_icon(name: str) -> str:
    """`{% icon file.name|file_icon %}`."""
    return icon_of(name)


@register.filter
def browser(agent: str) -> str:
    """`{{ session.user_agent|browser }}`: `Firefox on Windows`."""
    return browsers.browser_text(agent)


@register.filter
def state_badge(value: str) -> SafeString:
    """`{{ request.status|state_badge }}`."""
    return state_html(value)


@register.simple_tag
def icon(name: str) -> SafeString:
    """`{% icon "user-plus" %}`; the names are the files of templates/ui/icons/."""
    return icon_html(name)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """`<a href="{% query status='pending' page=None %}">`: the address with parameters changed.

    `None` takes a parameter away. The place in the list (`after`, `before`) always goes.
    """
    request = context["request"]
    parameters: QueryDict = request.GET.copy()
    for name in ("after", "before"):
        parameters.pop(name, None)
    for name, value in changes.items():
        if value is None:
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    encoded = parameters.urlencode()
    return f"{request.path}?{encoded}" if encoded else str(request.path)


@register.simple_tag(takes_context=True)
def may(context: template.Context, permission: str) -> bool:
    """`{% may "payments.deposit" as can_deposit %}{% if can_deposit %}…`."""
    actor = getattr(context.get("request"), "actor", None)
    return bool(actor and actor.may(permission))


@register.inclusion_tag("ui/field.html")
def field(bound: BoundField, **options: object) -> dict[str, object]:
    """`{% field form.amount suffix="USD" %}`: label, control, help, and the error beside it.

    Options: `suffix`, `prefix` (short text joined to the control), `autofocus`, `label`, `wide`.
    """
    return forms.field_context(bound, options)


@register.inclusion_tag("ui/fields.html")
def fields(form: Form) -> dict[str, object]:
    """`{% fields form %}`: every visible field in order, hidden ones, and the form's own errors."""
    return {"form": form}


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    """`{{ errors|get:name }}`; nothing where there is nothing."""
    return mapping.get(key)
