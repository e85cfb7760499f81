"""Every refusal has words."""

from __future__ import annotations

import pytest

from panel.mt4.errors import LeaseLost, OutcomeUnknown, Rejected, Unavailable
from panel.mt4.protocol.enums import ResultCode, WebApiErrorCode


@pytest.mark.parametrize("code", [code for code in ResultCode if code is not ResultCode.Ok])
def test_every_code_of_mt4_has_a_sentence_of_its_own(code: ResultCode) -> None:
    text = Rejected("MT4Error", manager_code=code.wire).explain()
    assert code.wire not in text or code is ResultCode.Error
    assert text.endswith(".")


@pytest.mark.parametrize(
    "code", ["NoConnect", "Validation", "Forbidden", "NotFound", "Timeout", "Busy", "Internal"]
)
def test_every_refusal_of_the_bridge_has_a_sentence(code: str) -> None:
    assert "The request was refused (" not in Rejected(WebApiErrorCode(code)).explain()


def test_codes_that_nobody_knows_are_named() -> None:
    assert "Teapot" in Rejected("Teapot").explain()
    assert "TradeTeapot" in Rejected("MT4Error", manager_code="TradeTeapot").explain()


def test_the_other_failures_say_what_happened_and_what_not_to_do() -> None:
    assert "Nothing was changed" in Unavailable("no connection").explain()
    assert "Nothing was changed" in LeaseLost().explain()
    assert "Do not repeat" in OutcomeUnknown("cut").explain()
    assert "still working" in OutcomeUnknown("", in_progress=True).explain()
