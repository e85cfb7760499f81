"""What a payment does to an account, in words and figures for people who decide."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from panel.ui.figures import money_text, percent_text
from payments.standing import Standing


def rises(what: str, before: Decimal, after: Decimal, currency: str) -> str:
    """`balance rises from 100.00 to 600.00`: the currency stands elsewhere in the sentence."""
    way = "falls" if after < before else "rises"
    first, last = (money_text(amount, currency, named=False) for amount in (before, after))
    return f"{what} {way} from {first} to {last}"


def lines(now: Standing, then: Standing, *, named: bool = False) -> Iterator[tuple[str, str, str]]:
    """What an account has before and after, label by label; amounts by their currency."""

    def text(amount: Decimal) -> str:
        return money_text(amount, now.currency, named=named)

    yield "Balance", text(now.balance), text(then.balance)
    yield "Credit", text(now.credit), text(then.credit)
    yield "Equity", text(now.equity), text(then.equity)
    yield "Free margin", text(now.free), text(then.free)
    if now.margin:
        yield "Margin level", percent_text(now.level), percent_text(then.level)
        yield (
            "Level without credit",
            percent_text(now.level_without_credit),
            percent_text(then.level_without_credit),
        )


def figures(now: Standing) -> dict[str, str]:
    """Where an account stands, for people who decide."""
    none = "no positions"
    return {
        "Balance": money_text(now.balance, now.currency),
        "Credit": money_text(now.credit, now.currency),
        "Equity": money_text(now.equity, now.currency),
        "Margin": money_text(now.margin, now.currency),
        "Free margin": money_text(now.free, now.currency),
        "Margin level": percent_text(now.level) if now.margin else none,
        "Level without credit": percent_text(now.level_without_credit) if now.margin else none,
        "Can be withdrawn": money_text(now.withdrawable, now.currency),
    }
