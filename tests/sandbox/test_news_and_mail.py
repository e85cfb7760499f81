"""News, internal mail and push messages: kept here, as nothing leaves a sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api import FIRST_LOGIN, Api


def _news(api: Api, topic: str, **more: Any) -> int:
    """Send a news item; its key."""
    body = {"topic": topic, "category": "Markets", "body": f"All about {topic}.", **more}
    assert api.post("NewsSend", body).code == "Ok"
    return int(api.get("NewsGet").data[-1]["key"])


def test_news_are_listed_by_key_and_place(api: Api) -> None:
    before = api.get("NewsTotal").data
    key = _news(api, "Rates", highPriority=True)
    assert api.get("NewsTotal").data == before + 1
    topic = api.get(f"NewsTopicGet/{before}").data
    assert topic == api.get("NewsGet").data[-1]
    assert (topic["key"], topic["topic"], topic["priority"]) == (key, "Rates", 1)
    assert api.get(f"NewsTopicGet/{before + 1}").code == "NotFound"


def test_the_text_of_news_comes_after_it_was_asked_for(api: Api) -> None:
    key = _news(api, "Gold")
    assert api.get(f"NewsBodyGet/{key}").data == ""
    assert api.post(f"NewsBodyRequest/{key}").data is True
    assert api.get(f"NewsBodyGet/{key}").data == "All about Gold."
    assert api.get("NewsBodyGet/9999").code == "NotFound"
    # A request is sent and forgotten, whatever it asks for.
    assert api.post("NewsBodyRequest/9999").data is True


def test_mail_reaches_the_mailbox_with_its_sender(api: Api) -> None:
    letter = {"subject": "Hello", "body": "From the desk.", "logins": [FIRST_LOGIN]}
    assert api.post("MailSend", letter).code == "Ok"
    assert api.post("MailSend", letter | {"senderLogin": 7, "senderName": "Ann"}).code == "Ok"
    own, hers = api.get("MailsRequest").data[-2:]
    assert (own["senderLogin"], own["subject"], own["body"]) == (11, "Hello", "From the desk.")
    assert (hers["senderLogin"], hers["senderName"]) == (7, "Ann")
    assert api.get("MailLast").data.endswith(".mail")


def test_there_is_no_last_mail_before_the_first(lonely: Api) -> None:
    assert lonely.get("MailLast").data == ""
    assert lonely.get("MailsRequest").data == []
    assert lonely.get("NewsTotal").data == 0


def test_a_push_message_needs_a_metaquotes_id(api: Api, login: int) -> None:
    push = {"logins": [login], "message": "Margin call"}
    assert api.post("NotificationsSend", push).code == "InvalidData"
    api.patch(f"UserRecord/{login}", {"mqid": 123456})
    assert api.post("NotificationsSend", push).data is True


def test_the_same_key_sends_a_letter_once(api: Api) -> None:
    before = len(api.get("MailsRequest").data)
    letter = {"subject": "Once", "logins": [FIRST_LOGIN]}
    for _ in range(2):
        assert api.post("MailSend", letter, key="one letter").code == "Ok"
    assert len(api.get("MailsRequest").data) == before + 1


def test_what_was_sent_outlives_a_kill(lonely: Api) -> None:
    _news(lonely, "Silver")
    lonely.post("MailSend", {"subject": "Kept", "logins": [FIRST_LOGIN]})
    news, mails = lonely.get("NewsGet").data, lonely.get("MailsRequest").data
    lonely.sandbox.kill()
    lonely.sandbox.start()
    api = Api(lonely.sandbox)
    assert api.get("NewsGet").data == news
    assert api.get("MailsRequest").data == mails
    assert _news(api, "Copper") == news[-1]["key"] + 1


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("NewsSend", {"topic": " "}, "Validation"),
        ("NewsSend", {"topic": "x" * 300}, "InvalidData"),
        ("MailSend", {"subject": "", "logins": [FIRST_LOGIN]}, "Validation"),
        ("MailSend", {"subject": "Hello", "logins": []}, "Validation"),
        ("MailSend", {"subject": "Hello", "logins": [999_999]}, "InvalidData"),
        ("MailSend", {"subject": "x" * 200, "logins": [FIRST_LOGIN]}, "InvalidData"),
        ("NotificationsSend", {"message": "", "logins": [FIRST_LOGIN]}, "Validation"),
        ("NotificationsSend", {"message": "x" * 2000, "logins": [FIRST_LOGIN]}, "Validation"),
        ("NotificationsSend", {"message": "Hello", "logins": [999_999]}, "InvalidData"),
    ],
)
def test_what_cannot_be_sent_is_refused(api: Api, path: str, body: Any, code: str) -> None:
    assert api.post(path, body).code == code
