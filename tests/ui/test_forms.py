"""Fields: labelled, described, their errors beside them."""

from __future__ import annotations

import django_filters
import pytest
from django import forms
from django.template import Context, Template

from accounts.models import Account
from panel.models import Status
from panel.ui.filters import YesNoFilter, chips
from panel.ui.states import ALIASES, STATES, state_html
from panel.ui.tables import Table
from tests.factories import make_user
from tests.ui.accounts import look


class PaymentForm(forms.Form):
    """An amount with a rule and help."""

    amount = forms.DecimalField(help_text="At most 10.00 USD.", max_value=10)
    reason = forms.CharField(widget=forms.Textarea, required=False)


def drawn(form: forms.Form) -> str:
    return Template("{% fields form %}").render(Context({"form": form}))


def test_control_is_described_by_its_help_and_its_error() -> None:
    html = drawn(PaymentForm({"amount": "11"}))
    assert 'aria-describedby="id_amount_helptext id_amount_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_amount_error"' in html


def test_amount_is_no_number_control_that_a_wheel_could_turn() -> None:
    html = drawn(PaymentForm())
    assert 'type="number"' not in html
    assert 'inputmode="decimal"' in html


def test_what_may_stay_empty_says_so() -> None:
    assert drawn(PaymentForm()).count("ui-optional") == 1


def test_every_status_has_a_word_and_a_look() -> None:
    for status in Status.values:
        assert ALIASES.get(status, status) in STATES
        assert Status(status).label in state_html(status)


def test_outcome_unknown_is_neither_red_nor_green() -> None:
    assert "state-unknown" in state_html(Status.UNKNOWN)


class Filters(django_filters.FilterSet):  # type: ignore[misc]
    """One of each kind."""

    enabled = YesNoFilter(field_name="enabled", label="Enabled")
    balance = django_filters.RangeFilter(label="Balance")
    group = django_filters.MultipleChoiceFilter(
        label="Group", choices=[("demo-usd", "Demo in dollars"), ("real", "Real")]
    )


class Plain(Table):
    """Nothing but a name."""

    name = "plain"
    columns = ()


@pytest.mark.django_db
def test_chips_say_what_is_filtered_and_lead_to_the_list_without_it() -> None:
    request = look(
        make_user("Olga", "back-office"), "/a/?enabled=no&balance_min=100&group=demo-usd&sort=login"
    )
    rows = Account.objects.all()
    found = chips(Filters(request.GET, queryset=rows), Plain(request, rows))
    assert [(chip.label, chip.value) for chip in found] == [
        ("Enabled", "no"),
        ("Balance", "from 100.00"),
        ("Group", "Demo in dollars"),
    ]
    assert found[1].url == "/a/?enabled=no&group=demo-usd&sort=login"
    assert found[2].url == "/a/?enabled=no&balance_min=100&sort=login"
