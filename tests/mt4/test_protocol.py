"""Records, enums, flags, envelope and catalogue of the WebAPI."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import pytest

from panel.mt4.protocol import envelope, records
from panel.mt4.protocol.catalogue import OPERATIONS
from panel.mt4.protocol.enums import (
    ActivationType,
    ResultCode,
    TradeCommand,
    TransactionType,
    WebApiErrorCode,
)
from panel.mt4.protocol.envelope import Answer, NotAnEnvelopeError
from panel.mt4.protocol.flags import EnableFlags, GroupRights
from panel.mt4.protocol.operation import Kind
from panel.mt4.protocol.wire import (
    NO_TIME,
    WireError,
    decode,
    encode,
    from_wire,
    reader_for,
    to_wire,
)


@pytest.mark.parametrize("name", records.__all__)
def test_every_record_survives_a_round_trip_through_json(name: str) -> None:
    record = getattr(records, name)()
    text = json.dumps(to_wire(record))
    assert from_wire(type(record), json.loads(text, parse_float=Decimal)) == record


def test_irregular_names_are_those_of_the_wire() -> None:
    user = to_wire(records.User(last_ip=7, zip_code="1010", mqid=5))
    assert (user["lastIP"], user["zipCode"], user["mqid"]) == (7, "1010", 5)
    assert {"checkIEPrices", "closeFIFO", "otpMode"} <= to_wire(records.Group()).keys()
    assert "swapRollover3Days" in to_wire(records.SymbolConfig())
    assert {"from", "to"} <= to_wire(records.Holiday()).keys()


def test_money_is_rounded_to_the_cent_and_prices_are_kept() -> None:
    trade = from_wire(records.Trade, {"profit": 12.345000000000001, "openPrice": 1.10005})
    assert trade.profit == Decimal("12.35")
    assert trade.open_price == Decimal("1.10005")


@pytest.mark.parametrize(
    "text", ["2026-01-02T03:04:05", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0000000Z"]
)
def test_times_read_as_the_clock_of_the_server(text: str) -> None:
    assert decode(datetime, text) == datetime.fromisoformat("2026-01-02T03:04:05")


def test_times_before_1970_mean_never() -> None:
    assert decode(datetime, "0001-01-01T00:00:00") == NO_TIME


def test_unknown_keys_and_nulls_are_ignored() -> None:
    user = from_wire(records.User, {"login": 5, "comment": None, "novelty": [1]})
    assert user == records.User(login=5)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"login": "5"}, "login"),
        ({"login": True}, "login"),
        ({"login": 1.5}, "login"),
        ({"name": 5}, "name"),
        ({"balance": "1"}, "balance"),
        ({"balance": Decimal("1e400")}, "balance"),
        ({"registrationDate": "yesterday"}, "registrationDate"),
    ],
)
def test_a_value_that_does_not_fit_names_its_field(data: dict[str, object], field: str) -> None:
    with pytest.raises(WireError) as caught:
        from_wire(records.User, data)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")


def test_nested_problems_carry_their_path() -> None:
    with pytest.raises(WireError) as caught:
        from_wire(records.ChartWriteRequest, {"rates": [{"open": "x"}]})
    assert caught.value.field == "rates.open"


@pytest.mark.parametrize("value", ["Balance", "balance", " BALANCE ", "6", 6])
def test_enums_are_read_by_name_in_any_case_and_by_number(value: str | int) -> None:
    assert TradeCommand.parse(value) is TradeCommand.Balance


@pytest.mark.parametrize("value", ["Baalance", "", "99", 99, True, None])
def test_unknown_enum_values_are_refused_with_the_valid_names(value: str | int) -> None:
    with pytest.raises(ValueError, match="Buy, Sell, BuyLimit"):
        TradeCommand.parse(value)


def test_enums_carry_the_numbers_of_mt4() -> None:
    assert TransactionType(83) is TransactionType.BrBalance
    assert ResultCode(134) is ResultCode.TradeNoMoney
    assert ActivationType(-1) is ActivationType.SLRollback
    assert ActivationType.None_.wire == "None"


def test_flags_travel_by_name_and_keep_nameless_bits() -> None:
    rights = GroupRights.parse("trailing, Advisor, Bit9")
    assert int(rights) == 2 + 4 + 512
    assert rights.wire == "Trailing, Advisor, Bit9"
    assert GroupRights.parse(rights.wire) == rights
    assert GroupRights.parse("None") == GroupRights.None_
    assert GroupRights.parse("").wire == "None"
    assert GroupRights.parse("514") == GroupRights.Trailing | 512
    with pytest.raises(ValueError, match="Trailing"):
        GroupRights.parse("Trailling")


def test_enable_flags_travel_as_a_plain_integer() -> None:
    user = from_wire(records.User, {"enableFlags": 16 + 5})
    assert EnableFlags.Enabled in user.enable_flags
    assert EnableFlags.ReadOnly in user.enable_flags
    assert to_wire(user)["enableFlags"] == 21


def test_decimals_leave_as_numbers() -> None:
    assert json.dumps(encode([Decimal("5757.27"), Decimal(3)])) == "[5757.27, 3.0]"


def test_envelope_round_trips_success_and_paging() -> None:
    sent = Answer(data=[1], activity_id="00-ab", next_cursor="n1", has_more=True)
    assert envelope.parse(json.dumps(envelope.build(sent)).encode()) == sent


def test_envelope_round_trips_a_refusal() -> None:
    sent = Answer(
        code=WebApiErrorCode.MT4Error,
        manager_code="TradeNoMoney",
        message="No",
        activity_id="00-ab",
    )
    received = envelope.parse(json.dumps(envelope.build(sent)).encode())
    assert received == sent
    assert not received.ok


def test_a_numeric_manager_code_gets_its_name() -> None:
    body = b'{"data":null,"error":{"code":"MT4Error","managerCode":134},"meta":{}}'
    assert envelope.parse(body).manager_code == "TradeNoMoney"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>502 Bad Gateway</html>",
        b"",
        b"[]",
        b"{}",
        b'{"data": true}',
        b'{"meta": {}}',
        b'{"data": true, "error": null, "meta": {"activityId": "a"',
        b'{"data": null, "error": {"message": "?"}, "meta": {}}',
        b'{"data": null, "error": {"code": "Ok"}, "meta": {}}',
        b"\xff\xfe",
    ],
)
def test_anything_else_is_not_an_envelope(body: bytes) -> None:
    with pytest.raises(NotAnEnvelopeError):
        envelope.parse(body)


def test_catalogue_has_every_operation_with_kind_and_deadline() -> None:
    assert len(OPERATIONS) == 160
    trade = OPERATIONS["TradeTransaction"]
    assert (trade.method, trade.kind, trade.deadline) == ("POST", Kind.TRADE, 5)
    assert trade.changes
    history = OPERATIONS["TradesUserHistory/{login}"]
    assert (history.method, history.deadline, history.changes) == ("GET", 30, False)
    assert OPERATIONS["UserRecord/{login}"].method == "PATCH"
    assert OPERATIONS["UsersRequest"].paged
    assert OPERATIONS["SrvRestart"].destructive


def test_one_name_may_have_two_paths() -> None:
    batch, single = OPERATIONS["AdmBalanceCheck"], OPERATIONS["AdmBalanceCheck/{login}"]
    assert batch.name == single.name == "AdmBalanceCheck"
    assert single.url("p-1", login=7) == "/api/v2/MT4/p-1/AdmBalanceCheck/7"


def test_names_in_a_path_are_quoted() -> None:
    url = OPERATIONS["GroupRecordGet/{group}"].url("p-1", group="real/eu #1")
    assert url.endswith("/GroupRecordGet/real%2Feu%20%231")


@pytest.mark.parametrize("path", sorted(OPERATIONS))
def test_every_result_and_body_can_be_read(path: str) -> None:
    operation = OPERATIONS[path]
    assert callable(reader_for(operation.result))
    assert operation.body in (None, dict) or callable(reader_for(operation.body))


def test_what_a_server_says_beside_its_answer_always_fits_into_a_record() -> None:
    long = "x" * 500
    failure = {"code": "MT4Error", "managerCode": long, "message": "a\0b"}
    body = {"data": None, "error": failure, "meta": {"activityId": f"\0{long}"}}
    answer = envelope.parse(json.dumps(body).encode())
    assert (len(answer.manager_code), len(answer.activity_id)) == (60, 64)
    assert (answer.message, answer.activity_id[0]) == ("ab", "x")
    odd = {"data": True, "error": None, "meta": {"activityId": "a", "paging": ["next"]}}
    with pytest.raises(envelope.NotAnEnvelopeError):
        envelope.parse(json.dumps(odd).encode())
