"""Keyset paging: every row once, whichever way one reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Account
from panel.ui.paging import Order, Page, page_of
from tests.factories import make_platform
from tests.ui.accounts import make_accounts

LEVELS = st.lists(
    st.one_of(st.none(), st.decimals(0, 3, places=2, allow_nan=False)), min_size=0, max_size=24
)


def logins(page: Page) -> list[int]:
    """The logins of a page."""
    return [row.login for row in page.rows]


def read_forward(order: Order, size: int) -> list[Page]:
    """All pages from the first to the last."""
    pages = [page_of(Account.objects.all(), order, size)]
    while pages[-1].after:
        pages.append(page_of(Account.objects.all(), order, size, after=pages[-1].after))
    return pages


class EveryRowOnce(TestCase):
    """Random values with repeats and gaps, in both directions."""

    @settings(max_examples=60, deadline=None)
    @given(LEVELS, st.booleans(), st.integers(1, 6), st.sampled_from(["level", "login", "balance"]))
    def test_forward_and_back_show_every_row_once_in_one_order(
        self, levels: list[Decimal | None], descending: bool, size: int, path: str
    ) -> None:
        platform = make_platform()
        make_accounts(platform, [{"level": level} for level in levels])
        order = Order(path, descending, key="login")
        pages = read_forward(order, size)
        seen = [login for page in pages for login in logins(page)]
        assert sorted(seen) == sorted(Account.objects.values_list("login", flat=True))
        assert all(len(page.rows) == size for page in pages[:-1])
        back = pages[-1]
        backwards = [logins(back)]
        while back.before:
            back = page_of(Account.objects.all(), order, size, before=back.before)
            backwards.append(logins(back))
        if len(seen) % size == 0:
            assert list(reversed(backwards)) == [logins(page) for page in pages]
        assert backwards[-1] == logins(pages[0])


@pytest.mark.django_db
class TestMovingLists:
    """Lists that change while somebody reads them."""

    def test_row_that_appears_before_the_cursor_moves_nothing(self) -> None:
        platform = make_platform()
        make_accounts(platform, [{"login": 200 + 2 * number} for number in range(6)])
        order = Order("login", key="login")
        first = page_of(Account.objects.all(), order, 2)
        make_accounts(platform, [{"login": 201}])
        second = page_of(Account.objects.all(), order, 2, after=first.after)
        assert logins(second) == [204, 206]

    def test_unknown_values_come_last_both_ways(self) -> None:
        platform = make_platform()
        make_accounts(platform, [{"level": None}, {"level": Decimal(5)}, {"level": Decimal(9)}])
        rows = Account.objects.all()
        assert logins(page_of(rows, Order("level", key="login"), 9)) == [100002, 100003, 100001]
        assert logins(page_of(rows, Order("level", True, "login"), 9)) == [100003, 100002, 100001]

    @pytest.mark.parametrize("cursor", ["x", "WzFd", "e30", "W10", "%%%", "WyIxIiwiYSJd"])
    def test_cursor_that_nobody_made_shows_the_first_page(self, cursor: str) -> None:
        make_accounts(make_platform(), [{}, {}, {}])
        page = page_of(Account.objects.all(), Order("login", key="login"), 2, after=cursor)
        assert logins(page) == [100001, 100002]

    def test_place_after_the_end_shows_the_first_page(self) -> None:
        platform = make_platform()
        make_accounts(platform, [{}, {}, {}])
        order = Order("login", key="login")
        page = page_of(Account.objects.all(), order, 2)
        Account.objects.filter(login=100003).delete()
        assert logins(page_of(Account.objects.all(), order, 2, after=page.after)) == [
            100001,
            100002,
        ]


@pytest.mark.django_db
def test_page_is_one_query_whatever_its_place(django_assert_num_queries: Any) -> None:
    make_accounts(make_platform(), [{} for _ in range(60)])
    order = Order("balance", key="login")
    first = page_of(Account.objects.all(), order, 50)
    with django_assert_num_queries(1):
        page_of(Account.objects.all(), order, 50, after=first.after)
