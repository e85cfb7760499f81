"""The details of a beneficiary: cleaned, checked by their own check digits, and masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stdnum import bic as bics
from stdnum import bitcoin, iban, luhn

from panel.lib.text import cell_problem
from payments.models import Method

KINDS = (Method.BANK, Method.CARD, Method.WALLET, Method.CRYPTO)
NUMBERS = ("iban", "account_number", "wallet", "token")
"""Fields that name the account, of which readers without the contact right see the end."""
LABELS = {
    "kind": "Kind",
    "holder": "Name",
    "country": "Country",
    "currency": "Currency",
    "iban": "IBAN",
    "bic": "BIC",
    "account_number": "Account number",
    "bank_code": "Bank code",
    "wallet": "Wallet address",
    "network": "Network or provider",
    "token": "Card reference",
}
OF_KIND: dict[str, tuple[str, ...]] = {
    Method.BANK: ("iban", "bic", "account_number", "bank_code"),
    Method.CARD: ("token",),
    Method.WALLET: ("wallet", "network"),
    Method.CRYPTO: ("wallet", "network"),
}
"""What belongs to each kind, beside name, country and currency."""

NO_IBAN = "This is no IBAN: its check digits or its length do not fit."
NO_BIC = "This is no BIC: 8 or 11 letters and digits, such as DEUTDEFF."

_COUNTRY = re.compile(r"[A-Z]{2}")
CURRENCY = re.compile(r"[A-Z]{3,12}")
_ACCOUNT = re.compile(r"[0-9A-Z][0-9A-Z./-]{2,33}")
_CODE = re.compile(r"[0-9A-Z][0-9A-Z -]{1,34}")
_ADDRESS = re.compile(r"[0-9A-Za-z:]{20,128}")
_ETHEREUM = re.compile(r"0x[0-9A-Fa-f]{40}")
_NETWORK = re.compile(r"[0-9A-Za-z][0-9A-Za-z .-]{1,39}")
_TOKEN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{5,63}")
_ETHEREUM_NETWORKS = frozenset({"ETH", "ERC20", "ETHEREUM"})
_BITCOIN_NETWORKS = frozenset({"BTC", "BITCOIN"})


def compact(number: str) -> str:
    """A number of a bank as it is kept: capital letters, no spaces."""
    return re.sub(r"\s", "", number).upper()


def cleaned(values: Mapping[str, Any]) -> dict[str, str]:
    """The details as they are kept: spaces and case as each kind of number has them.

    What does not belong to the kind is left out.
    """
    texts = {name: str(values.get(name) or "").strip() for name in LABELS}
    kept = {"kind", "holder", "country", "currency", *OF_KIND.get(texts["kind"], ())}
    texts = {name: text if name in kept else "" for name, text in texts.items()}
    for name in ("country", "currency", "bank_code"):
        texts[name] = texts[name].upper()
    for name in ("iban", "bic", "account_number"):
        texts[name] = compact(texts[name])
    if texts["kind"] == Method.CRYPTO:
        texts["network"] = texts["network"].upper()
    texts["holder"] = " ".join(texts["holder"].split())
    return texts


def problems(details: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with cleaned details, by field."""
    if details["kind"] not in KINDS:
        yield "kind", "Choose what it is."
        return
    if not details["holder"]:
        yield "holder", "Enter the name of whoever is paid."
    elif len(details["holder"]) > 128:
        yield "holder", "Use at most 128 characters."
    elif problem := cell_problem(details["holder"]):
        yield "holder", problem
    if details["currency"] and not CURRENCY.fullmatch(details["currency"]):
        yield "currency", "A currency such as EUR, or nothing for any."
    if details["country"] and not _COUNTRY.fullmatch(details["country"]):
        yield "country", "The country's two letters, such as DE."
    match details["kind"]:
        case Method.BANK:
            yield from _bank(details)
        case Method.CARD:
            yield from _card(details["token"])
        case Method.WALLET:
            yield from _wallet(details)
        case _:
            yield from _chain(details)


def _bank(details: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if details["bic"] and not bics.is_valid(details["bic"]):
        yield "bic", NO_BIC
    if details["iban"]:
        if not iban.is_valid(details["iban"]):
            yield "iban", NO_IBAN
        elif details["country"] and details["country"] != details["iban"][:2]:
            yield "country", f"The IBAN is of {details['iban'][:2]}."
        if details["account_number"] or details["bank_code"]:
            yield "account_number", "Enter an IBAN, or an account number with a bank code."
        return
    if not details["account_number"]:
        yield "iban", "Enter the IBAN, or account number and bank code where there is none."
        return
    if not _ACCOUNT.fullmatch(details["account_number"]):
        yield "account_number", "3 to 34 digits and letters."
    if not details["country"]:
        yield "country", "Enter the bank's country: an account number alone does not say it."
    if not details["bank_code"] and not details["bic"]:
        yield "bank_code", "Enter the bank's code or its BIC."
    elif details["bank_code"] and not _CODE.fullmatch(details["bank_code"]):
        yield "bank_code", "2 to 35 digits and letters."


def _card(token: str) -> Iterator[tuple[str, str]]:
    digits = re.sub(r"\D", "", token)
    if not _TOKEN.fullmatch(token):
        yield "token", "What the card provider calls the card: 6 to 64 letters and digits."
    elif 12 <= len(digits) <= 19 and luhn.is_valid(digits):
        yield "token", "This looks like a card number, which the panel never keeps."


def _wallet(details: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if not 3 <= len(details["wallet"]) <= 128:
        yield "wallet", "The client's address or number with the provider."
    elif problem := cell_problem(details["wallet"]):
        yield "wallet", problem
    if not _NETWORK.fullmatch(details["network"]):
        yield "network", "Enter the provider, such as Skrill."


def _chain(details: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    wallet, network = details["wallet"], details["network"]
    if not _NETWORK.fullmatch(network):
        yield "network", "Enter the network, such as BTC, ERC20 or TRC20."
    if not _ADDRESS.fullmatch(wallet):
        yield "wallet", "20 to 128 letters and digits, without spaces."
    elif network in _BITCOIN_NETWORKS and not bitcoin.is_valid(wallet):
        yield "wallet", "This is no Bitcoin address: its check digits do not fit."
    elif network in _ETHEREUM_NETWORKS and not _ETHEREUM.fullmatch(wallet):
        yield "wallet", "An address of this network is 0x and 40 hexadecimal digits."


def number_of(details: Mapping[str, Any]) -> str:
    """The number or address that is paid; empty if none is known."""
    return next((str(details[name]) for name in NUMBERS if details.get(name)), "")


def masked(number: str) -> str:
    """The end of a number alone: `•••• 3000`; nothing of one that is hardly longer."""
    number = "".join(number.split())
    return f"•••• {number[-4:]}" if len(number) > 8 else "••••" if number else ""


def shown(number: str, *, clear: bool) -> str:
    """A number as it was written, or its end alone."""
    return number if clear else masked(number)


def spaced(details: Mapping[str, Any]) -> str:
    """The number as people read it: an IBAN in fours."""
    return iban.format(str(details["iban"])) if details.get("iban") else number_of(details)


def short(details: Mapping[str, Any]) -> str:
    """`bank transfer to Anna Kowalska, •••• 3000`: for sentences, never the whole number."""
    kind = Method(details["kind"]).label
    return f"{kind} to {details['holder']}, {masked(number_of(details))}"


def facts(details: Mapping[str, Any], *, clear: bool) -> list[tuple[str, str]]:
    """Label and value of what says where the money goes; numbers masked unless `clear`."""
    found = []
    for name in ("iban", "bic", "account_number", "bank_code", "country", "wallet", "network",
                 "token"):  # fmt: skip
        value = str(details.get(name) or "")
        if value and name in NUMBERS:
            value = spaced(details) if clear else masked(value)
        if value:
            found.append((LABELS[name], value))
    return found
