"""The prices of now, with those who want to know of each new one."""

from __future__ import annotations

from collections.abc import Callable

from panel.mt4.sandbox.records import Quote


class Quotes(dict[str, Quote]):
    """The prices of now by symbol; whoever watches is told of each new one."""

    def __init__(self) -> None:
        super().__init__()
        self.watchers: list[Callable[[str, Quote], None]] = []

    def __setitem__(self, symbol: str, quote: Quote) -> None:
        super().__setitem__(symbol, quote)
        for watch in self.watchers:
            watch(symbol, quote)
