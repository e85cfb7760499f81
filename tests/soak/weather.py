"""The bad luck of the soak: what goes wrong changes every half minute, and never stops for long."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from panel.mt4.sandbox.hooks import CHANGES
from tests.chaos.ground import FAULTS
from tests.harness.stack import Stack

# Fault of the proxy, the operation it strikes, chance, seconds.
ON_THE_WAY = (
    ("drop_request", "TradeTransaction", 0.03, 0),
    ("drop_answer", "TradeTransaction", 0.05, 0),
    ("half_answer", "TradeTransaction", 0.03, 0),
    ("bad_gateway", "TradeTransaction", 0.03, 0),
    ("bad_gateway_after", "TradeTransaction", 0.04, 0),
    ("delay_request", "TradeTransaction", 0.03, 0.8),
    ("delay_answer", "TradeTransaction", 0.03, 3.5),
    ("twice_as_late", "TradeTransaction", 0.10, 0),
    ("answer_comment", "TradeTransaction", 0.03, 0),
    ("answer_amount", "TradeTransaction", 0.02, 0),
    ("drop_answer", "TradesUserHistory", 0.05, 0),
    ("half_answer", "TradesUserHistory", 0.05, 0),
    ("bad_gateway", "TradesUserHistory", 0.05, 0),
)
AT_ONCE, PLUGINS_AT_ONCE, PLUGIN_CHANCE = 4, 2, 0.08
FAULT_COUNT = 1_000_000
WRONG_BY = (3 * 86_400, -3 * 86_400, 3600, -3600)


@dataclass
class Weather:
    """What goes wrong now, and how often each thing has so far."""

    stack: Stack
    chance: random.Random
    struck: Counter[str] = field(default_factory=Counter)
    _wrong_by: int = 0

    def change(self) -> None:
        """Other rules from here on; now and then keys are forgotten, or the clock jumps."""
        self.clear()
        for fault, operation, probability, seconds in self.chance.sample(ON_THE_WAY, AT_ONCE):
            self.stack.proxy.rule(fault, operation, probability=probability, seconds=seconds)
        for plugin in self.chance.sample(sorted(CHANGES), PLUGINS_AT_ONCE):
            self.stack.sandbox.fault(
                plugin, "TradeTransaction", probability=PLUGIN_CHANCE, count=FAULT_COUNT
            )
        for fault, operation, seconds, probability in FAULTS:
            self.stack.sandbox.fault(
                fault, operation, seconds=seconds, probability=probability, count=FAULT_COUNT
            )
        if self.chance.random() < 0.3:
            self.stack.sandbox.forget_keys()
            self.struck["keys forgotten"] += 1
        if self.chance.random() < 0.2:
            self._jump()

    def clear(self) -> None:
        """Nothing goes wrong any more; what has is added up."""
        for rule in self.stack.proxy.rules:
            self.struck[rule.fault] += rule.struck
        self.stack.proxy.clear()
        for each in self.stack.sandbox.faults():
            self.struck[each["fault"]] += FAULT_COUNT - each["count"]
        self.stack.sandbox.clear_faults()

    def _jump(self) -> None:
        """The clock goes wrong, or is put right again."""
        by = -self._wrong_by or self.chance.choice(WRONG_BY)
        self.stack.sandbox.jump(by)
        self._wrong_by += by
        self.struck["clock jumped"] += 1
