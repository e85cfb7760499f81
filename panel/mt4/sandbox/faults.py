"""Bad luck on demand: rules that make the server misbehave, in the order in which they were set.

A fault strikes at one of these stages: on the wire before the server saw the request, while it
carries the request out, in a plug-in that changes what is booked, or on the wire after it did.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from itertools import count
from typing import Any

from panel.mt4.protocol.enums import ResultCode
from panel.mt4.sandbox.hooks import CHANGES


class Stage(Enum):
    """When a fault strikes."""

    BEFORE = "before"
    EXECUTION = "execution"
    PLUGIN = "plugin"
    AFTER = "after"


STAGES: Mapping[str, Stage] = {
    "drop_before": Stage.BEFORE,
    "html_502": Stage.BEFORE,
    "busy": Stage.BEFORE,
    "delay": Stage.EXECUTION,
    "delay_after": Stage.EXECUTION,
    "read_timeout": Stage.EXECUTION,
    "mt4_error": Stage.EXECUTION,
    "outcome_unknown_applied": Stage.EXECUTION,
    "outcome_unknown_not_applied": Stage.EXECUTION,
    "outcome_unknown_late": Stage.EXECUTION,
    "drop_after": Stage.AFTER,
    "html_502_after": Stage.AFTER,
    **dict.fromkeys(CHANGES, Stage.PLUGIN),
}
READS_ONLY = frozenset({"read_timeout"})
CHANGES_ONLY = frozenset(name for name in STAGES if name.startswith("outcome_unknown"))


class BadRuleError(ValueError):
    """A fault rule that names nothing this server can do."""


@dataclass(slots=True)
class Rule:
    """One fault: where it applies, how often (`count` None: always), and how likely; the first
    `skip` calls that it would strike are let through.

    `code` is for `mt4_error` alone: the result code with which MT4 refuses, doing nothing.
    """

    id: int
    fault: str
    operation: str = "*"
    seconds: float = 0.0
    count: int | None = None
    probability: float = 1.0
    login: int | None = None
    code: str = ""
    skip: int = 0

    def concerns(self, operation: str, login: int | None, *, is_read: bool) -> bool:
        if self.count == 0 or self.operation not in ("*", operation):
            return False
        if self.login is not None and self.login != login:
            return False
        return self.fault not in (CHANGES_ONLY if is_read else READS_ONLY)


class Faults:
    """The rules in force. Chance comes from a seeded generator, so that a run can be repeated."""

    def __init__(self, seed: int) -> None:
        self._rules: list[Rule] = []
        self._random = random.Random(seed)
        self._ids = count(1)

    def seed(self, seed: int) -> None:
        self._random.seed(seed)

    def add(self, given: Mapping[str, Any]) -> Rule:
        """Set a rule; raises BadRuleError when it cannot be understood."""
        fields = dict(given)
        unknown = fields.keys() - {
            "fault", "operation", "seconds", "count", "probability", "login", "code", "skip",
        }  # fmt: skip
        if unknown:
            raise BadRuleError(f"unknown fields: {', '.join(sorted(unknown))}")
        if fields.get("fault") not in STAGES:
            raise BadRuleError(f"fault must be one of {', '.join(STAGES)}")
        try:
            rule = Rule(
                id=next(self._ids),
                fault=fields["fault"],
                operation=str(fields.get("operation") or "*"),
                seconds=float(fields.get("seconds") or 0),
                count=None if fields.get("count") is None else int(fields["count"]),
                probability=float(fields.get("probability", 1.0)),
                login=None if fields.get("login") is None else int(fields["login"]),
                code=ResultCode.parse(fields["code"]).wire if "code" in fields else "",
                skip=int(fields.get("skip") or 0),
            )
        except (TypeError, ValueError) as error:
            raise BadRuleError(str(error)) from error
        if rule.seconds < 0 or rule.skip < 0 or not 0 <= rule.probability <= 1:
            raise BadRuleError("seconds and skip must not be negative, probability between 0 and 1")
        if bool(rule.code) != (rule.fault == "mt4_error"):
            raise BadRuleError("code and mt4_error need each other")
        self._rules.append(rule)
        return rule

    def clear(self) -> None:
        self._rules.clear()

    def drop(self, number: int) -> None:
        """Take one rule back, by its id; nothing happens when it is gone already."""
        self._rules = [rule for rule in self._rules if rule.id != number]

    def active(self) -> int:
        """How many rules can still strike."""
        return sum(rule.count != 0 for rule in self._rules)

    def rules(self) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self._rules]

    def strike(
        self, stage: Stage, operation: str, login: int | None, *, is_read: bool
    ) -> Rule | None:
        """The first rule that strikes here and now; its count goes down by one."""
        return next(self._striking(stage, operation, login, is_read=is_read), None)

    def struck_plugins(self, operation: str, login: int | None) -> list[str]:
        """Every plug-in that changes this call, in the order in which they were set."""
        struck = self._striking(Stage.PLUGIN, operation, login, is_read=False)
        return [rule.fault for rule in struck]

    def _striking(
        self, stage: Stage, operation: str, login: int | None, *, is_read: bool
    ) -> Iterator[Rule]:
        for rule in self._rules:
            if STAGES[rule.fault] is not stage:
                continue
            if not rule.concerns(operation, login, is_read=is_read):
                continue
            if rule.probability < 1 and self._random.random() >= rule.probability:
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.count is not None:
                rule.count -= 1
            yield rule
