"""News: headlines are there at once, a text only after it was asked for, as through a bridge."""

from __future__ import annotations

from panel.mt4 import limits
from panel.mt4.protocol.records import NewsSendRequest, NewsTopic
from panel.mt4.sandbox import post
from panel.mt4.sandbox.answers import invalid, invalid_data, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.post import NewsItem

CATEGORY = 63


def total(call: Call) -> int:
    return len(call.state.post.news)


def topics(call: Call) -> list[NewsTopic]:
    return [item.topic for item in call.state.post.news]


def topic(call: Call) -> NewsTopic:
    news, position = call.state.post.news, call.position()
    if position >= len(news):
        raise not_found(f"There are {len(news)} news, none at {position}.")
    return news[position].topic


def _item(call: Call) -> NewsItem:
    item = call.state.post.item(call.number("key"))
    if item is None:
        raise not_found(f"There is no news {call.params['key']}.")
    return item


def request_body(call: Call) -> bool:
    """Ask for a text. MT4 has no answer to this but that it was asked."""
    item = call.state.post.item(call.number("key"))
    if item is not None:
        call.unit.then(lambda store: None, lambda: call.state.post.fetched.add(item.topic.key))
    return True


def body(call: Call) -> str:
    """A text that was asked for before; empty until then."""
    item = _item(call)
    return item.body if item.topic.key in call.state.post.fetched else ""


def send(call: Call) -> bool:
    wanted = call.record(NewsSendRequest)
    if not wanted.topic.strip():
        raise invalid("topic must be given.")
    for name, value, room in (
        ("topic", wanted.topic, limits.NEWS_TOPIC),
        ("category", wanted.category, CATEGORY),
    ):
        for problem in limits.check_text(value, room):
            raise invalid_data(f"{name}: {problem}")
    news = call.state.post.news
    key = news[-1].topic.key + 1 if news else 1
    item = NewsItem(
        topic=NewsTopic(
            key=key,
            time=call.now(),
            topic=wanted.topic,
            category=wanted.category,
            priority=int(wanted.high_priority),
        ),
        body=wanted.body,
    )
    call.unit.then(
        lambda store: post.append(store, post.NEWS, key, item), lambda: news.append(item)
    )
    return True


HANDLERS = {
    "NewsTotal": total,
    "NewsGet": topics,
    "NewsTopicGet/{pos}": topic,
    "NewsBodyGet/{key}": body,
    "NewsBodyRequest/{key}": request_body,
    "NewsSend": send,
}
