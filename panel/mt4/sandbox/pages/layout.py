"""The frame around every page."""

from __future__ import annotations

from dataclasses import dataclass

from panel.mt4.sandbox.pages.forms import Saying
from panel.mt4.sandbox.pages.html import Markup, moment, text
from panel.mt4.sandbox.state import State

MENU = (
    ("/", "Overview"),
    ("/accounts", "Accounts"),
    ("/prices", "Prices"),
    ("/groups", "Groups"),
    ("/faults", "Faults"),
    ("/mishaps", "Mishaps"),
    ("/calls", "Calls"),
    ("/journal", "Journal"),
    ("/managers", "Clients"),
    ("/outbox", "Outbox"),
)


NOTHING_MORE = Markup("")


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows: `live` is fetched `every` so many seconds, `still` (forms) is not."""

    title: str
    live: Markup
    still: Markup = NOTHING_MORE
    above: Markup = NOTHING_MORE
    every: int = 2


def status(state: State, faults: int) -> Markup:
    """The line that says how the server is: its clock, its market, its faults."""
    clock = "standing" if state.clock.standing is not None else "running"
    market = "prices move" if state.live else "prices stand still"
    warning = ""
    if faults:
        word = "fault" if faults == 1 else "faults"
        warning = f'<a class="badge bad" href="/faults">{faults} {word} switched on</a>'
    return Markup(
        f'<time>{moment(state.clock.now())}</time><span class="quiet">clock {clock}, {market}'
        f"</span>{warning}"
    )


def _live(page: Page) -> str:
    return f'<div id="live" data-every="{page.every}">{page.live}</div>'


def live_part(page: Page, line: Markup) -> str:
    """What the script puts in the place of the old one."""
    return f'<div id="status">{line}</div>{_live(page)}'


def whole(page: Page, line: Markup, here: str, saying: Saying | None) -> str:
    """A complete document."""
    items = "".join(
        f'<a href="{address}"{_current(address, here)}>{label}</a>' for address, label in MENU
    )
    said = ""
    if saying is not None:
        kind, role = ("", "status") if saying.is_good else (" bad", "alert")
        said = f'<p class="said{kind}" role="{role}">{text(saying.words)}</p>'
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{text(page.title)} · Sandbox MT4</title>
<link rel="stylesheet" href="/static/control.css">
<link rel="icon" href="/static/icon.svg">
<script src="/static/control.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the page</a>
<header>
<div class="brand"><strong>SANDBOX</strong><span>MT4 server in a box</span></div>
<div id="status" class="status">{line}</div>
<p id="away" class="away" role="status" hidden>The server does not answer; figures are old.</p>
</header>
<nav class="menu" aria-label="Pages">{items}</nav>
<main id="main">
<h1>{text(page.title)}</h1>
{said}
{page.above}
{_live(page)}
{page.still}
</main>
</body>
</html>
"""


def _current(address: str, here: str) -> str:
    is_here = here == address or (address != "/" and here.startswith(f"{address}/"))
    return ' aria-current="page"' if is_here else ""
