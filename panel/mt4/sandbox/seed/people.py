"""Account holders who do not exist, from short lists of names in several languages."""

from __future__ import annotations

import random
import unicodedata
from datetime import datetime, timedelta

from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import ManagerRights, User
from panel.mt4.sandbox.records import Account
from panel.mt4.sandbox.seed.groups import MANAGERS, PLANS
from panel.mt4.sandbox.state import State

MANAGER_LOGIN = 11
OLDEST_DAYS = 730

# country, dialling code, cities, first names, last names; all fit MT4's 8-bit fields
_LANDS = """
Germany|49|Berlin,München,Köln,Hamburg|Jürgen,Anja,Lukas,Käthe|Müller,Schäfer,Weiß,Groß
France|33|Paris,Lyon,Nîmes,Lille|François,Élodie,Hélène,Luc,Chloé|Lefèvre,Durand,Béranger,Moreau,Petit,Garnier
Spain|34|Madrid,Sevilla,Málaga,Cádiz|José,Lucía,Iñaki,Carmen,Álvaro,Begoña|García,Núñez,Muñoz,Peña,Ibáñez,Romero
Portugal|351|Lisboa,Porto,Évora|João,Inês,Tomás,Rui,Beatriz|Simões,Gonçalves,Araújo,Magalhães,Silva,Brandão
Sweden|46|Stockholm,Göteborg,Malmö|Åsa,Björn,Göran,Maj,Sören,Linnéa|Åström,Sjöberg,Nyström,Lindqvist,Öberg,Dahl
Poland|48|Warszawa,Krakow,Gdynia|Piotr,Agnieszka,Marek,Zofia,Tomasz,Ewa|Kowalski,Nowak,Wisniewski,Zielinska,Mazur,Krol
United Kingdom|44|London,Leeds,Bristol|Oliver,Amelia,George,Isla|Smith,Wright,Hughes,Clarke
Greece|30|Athina,Patra|Giorgos,Eleni,Nikos,Dimitris,Sofia|Papadopoulos,Nikolaidis,Vlachos,Makris
Ukraine|380|Kyiv,Lviv,Odesa|Oleksandr,Olena,Taras,Iryna|Shevchenko,Kovalenko,Bondar,Melnyk
Japan|81|Tokyo,Osaka,Fukuoka|Haruto,Yui,Sota,Aoi,Ren,Hina|Sato,Suzuki,Takahashi,Tanaka,Ito,Yamamoto
China|86|Shanghai,Shenzhen,Chengdu|Wei,Fang,Jun,Xiulan,Lei,Min|Wang,Li,Zhang,Liu,Chen,Zhao
United Arab Emirates|971|Dubai,Sharjah|Khalid,Maryam,Omar,Noura|Al Hashimi,Haddad,Nasser
India|91|Mumbai,Pune,Chennai|Arjun,Priya,Rahul,Ananya,Vikram,Meera|Sharma,Iyer,Patel,Reddy,Nair,Kapoor
South Africa|27|Cape Town,Durban,Pretoria|Thabo,Lerato,Sipho,Pieter|Nkosi,Botha,Dlamini,van Wyk
Brazil|55|São Paulo,Brasília,Niterói|Antônio,Júlia,Caio,Mônica|Souza,Lima,Assunção,Falcão
"""


def _parse(line: str) -> tuple[str, str, list[str], list[str], list[str]]:
    country, code, *lists = line.split("|")
    cities, firsts, lasts = (text.split(",") for text in lists)
    return country, code, cities, firsts, lasts


LANDS = [_parse(line) for line in _LANDS.split("\n") if line]
SOURCES = ("", "", "", "google", "partner", "seminar", "newsletter", "referral")
COMMENTS = ("", "", "", "", "calls back on Mondays", "speaks English", "VIP desk", "KYC renewed")
SHARES = [plan.share for plan in PLANS]


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore")
    return "".join(letter for letter in plain.decode().lower() if letter.isalpha())


def _flags(chance: random.Random) -> EnableFlags:
    flags = EnableFlags.Enabled | EnableFlags.ChangePassword
    lot = chance.random()
    if lot < 0.03:
        return flags & ~EnableFlags.Enabled
    return flags | EnableFlags.ReadOnly if lot < 0.05 else flags


def make(chance: random.Random, state: State, now: datetime) -> User:
    """The next account, still without money."""
    login = state.last_login + 1
    plan = chance.choices(PLANS, SHARES)[0]
    country, code, cities, firsts, lasts = chance.choice(LANDS)
    first, last = chance.choice(firsts), chance.choice(lasts)
    registered = now - timedelta(minutes=chance.randrange(3 * 1440, OLDEST_DAYS * 1440))
    seen = registered + (now - registered) * chance.random() ** 0.3
    return User(
        login=login,
        group=plan.name,
        name=f"{first} {last}",
        registration_date=registered.replace(second=chance.randrange(60)),
        last_date=seen.replace(microsecond=0),
        external_id=f"C{login:07d}",
        status="RE",
        country=country,
        city=chance.choice(cities),
        zip_code=str(chance.randrange(10_000, 99_999)),
        address=f"{chance.choice(lasts)} St. {chance.randrange(1, 200)}",
        lead_source=chance.choice(SOURCES),
        phone=f"+{code} {chance.randrange(100, 999)} {chance.randrange(1_000_000, 9_999_999)}",
        email=f"{_ascii(first)}.{_ascii(last)}{login % 1000}@example.com",
        comment=chance.choice(COMMENTS),
        leverage=chance.choice((plan.leverage, plan.leverage, plan.leverage // 2 or 1)),
        agent_account=0 if chance.random() < 0.85 else 100_001 + chance.randrange(20),
        last_ip=chance.randrange(1 << 30),
        enable_flags=_flags(chance),
        send_reports=1,
        user_color=-16777216,
    )


ALL_RIGHTS = (
    "manager", "money", "online", "risk_man", "broker", "admin", "logs", "reports", "trades",
    "market_watch", "email", "user_details", "see_trades", "news", "plugins", "market",
    "notifications", "server_reports", "tech_support",
)  # fmt: skip


def add_manager(state: State, now: datetime) -> None:
    """The manager whom the client `sandbox` acts as, with every right over every group."""
    state.managers[MANAGER_LOGIN] = ManagerRights(
        login=MANAGER_LOGIN,
        name="Sandbox manager",
        groups="*",
        mail_box="Sandbox desk",
        info_depth=36_500,
        **dict.fromkeys(ALL_RIGHTS, True),
    )
    user = User(
        login=MANAGER_LOGIN,
        group=MANAGERS,
        name="Sandbox manager",
        registration_date=now - timedelta(days=OLDEST_DAYS),
        last_date=now,
        leverage=100,
        enable_flags=EnableFlags.Enabled | EnableFlags.ChangePassword,
    )
    state.put_account(Account(user))
