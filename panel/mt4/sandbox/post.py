"""News, internal mail and push messages: what was sent through this server, kept in its store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from panel.mt4.protocol.records import MailBox, NewsTopic
from panel.mt4.protocol.wire import NO_TIME, from_wire, to_wire
from panel.mt4.sandbox.store import Store

NEWS, MAIL, PUSHES = "news", "mail", "pushes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A message for the mobile terminals of some accounts. It goes no further than this outbox."""

    time: datetime = NO_TIME
    logins: tuple[int, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter, and the accounts it went to."""

    mail: MailBox
    logins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsItem:
    """A headline with its text."""

    topic: NewsTopic
    body: str = ""


@dataclass(slots=True)
class Post:
    """Everything sent, oldest first. `fetched` are the news whose text a bridge asked for."""

    news: list[NewsItem] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    fetched: set[int] = field(default_factory=set)

    def load(self, store: Store) -> None:
        for kind, record, sent in self._lists():
            sent += [from_wire(record, body) for _, body in store.rows(kind)]

    def _lists(self) -> tuple[tuple[str, type[Any], list[Any]], ...]:
        return (
            (NEWS, NewsItem, self.news),
            (MAIL, Letter, self.letters),
            (PUSHES, Push, self.pushes),
        )

    def sent(self, kind: str) -> list[Any]:
        """The list of a kind."""
        return next(found for name, _, found in self._lists() if name == kind)

    def item(self, key: int) -> NewsItem | None:
        return next((item for item in self.news if item.topic.key == key), None)


def append(store: Store, kind: str, number: int, record: Any) -> None:
    """Write one more, inside a transaction of the caller's."""
    store.append(kind, [(number, to_wire(record))])
