"""Internal mail, news and push messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panel.mt4.protocol.wire import NO_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class MailBox:
    """A letter of the internal mail."""

    time: datetime = NO_TIME
    sender_login: int = 0
    sender_name: str = ""
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSendRequest:
    """A letter to accounts."""

    sender_login: int = 0
    sender_name: str = ""
    subject: str = ""
    body: str = ""
    logins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsTopic:
    """Headline of a news item."""

    key: int = 0
    time: datetime = NO_TIME
    topic: str = ""
    category: str = ""
    keywords: str = ""
    priority: int = 0
    lang_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsSendRequest:
    """A news item for all terminals."""

    topic: str = ""
    category: str = ""
    body: str = ""
    high_priority: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsSendRequest:
    """A push message for mobile terminals."""

    logins: tuple[int, ...] = ()
    message: str = ""
