"""Internal mail and push messages. Neither leaves the sandbox: they can be read in its outbox."""

from __future__ import annotations

from panel.mt4 import limits
from panel.mt4.protocol.enums import LogType
from panel.mt4.protocol.records import MailBox, MailSendRequest, NotificationsSendRequest
from panel.mt4.sandbox import post
from panel.mt4.sandbox.answers import invalid, invalid_data
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.post import Letter, Push

LONGEST_PUSH = 1024


def _known(call: Call, logins: tuple[int, ...]) -> tuple[int, ...]:
    if not logins or min(logins) < 1:
        raise invalid("logins must name at least one account.")
    for login in logins:
        if login not in call.state.accounts:
            raise invalid_data(f"There is no account {login}.")
    return tuple(dict.fromkeys(logins))


def send(call: Call) -> bool:
    wanted = call.record(MailSendRequest)
    if not wanted.subject.strip():
        raise invalid("subject must be given.")
    for problem in limits.check_text(wanted.subject, limits.MAIL_SUBJECT):
        raise invalid_data(f"subject: {problem}")
    mail = MailBox(
        time=call.now(),
        sender_login=wanted.sender_login or call.manager.login,
        sender_name=wanted.sender_name or call.manager.mail_box,
        subject=wanted.subject,
        body=wanted.body,
    )
    letter, letters = Letter(mail=mail, logins=_known(call, wanted.logins)), call.state.post.letters
    number = len(letters) + 1
    call.unit.then(
        lambda store: post.append(store, post.MAIL, number, letter),
        lambda: letters.append(letter),
    )
    return True


def everything(call: Call) -> list[MailBox]:
    return [letter.mail for letter in call.state.post.letters]


def last_path(call: Call) -> str:
    """Where MT4 would have put the newest letter; empty before the first."""
    letters = call.state.post.letters
    if not letters:
        return ""
    return f"mailbox\\{letters[-1].mail.time:%Y%m%d}_{len(letters):06d}.mail"


def notify(call: Call) -> bool:
    """To those who have a MetaQuotes ID, the address of a mobile terminal; InvalidData if none."""
    wanted = call.record(NotificationsSendRequest)
    if not wanted.message or len(wanted.message) > LONGEST_PUSH:
        raise invalid(f"message must have 1 to {LONGEST_PUSH} characters.")
    accounts, pushes = call.state.accounts, call.state.post.pushes
    reached = [login for login in _known(call, wanted.logins) if accounts[login].user.mqid]
    if not reached:
        raise invalid_data("None of these accounts has a MetaQuotes ID.")
    push = Push(time=call.now(), logins=tuple(reached), message=wanted.message)
    number = len(pushes) + 1

    def show() -> None:
        pushes.append(push)
        whom = ", ".join(map(str, reached))
        call.state.journal.add(f"Push message to {whom}: kept here", kind=LogType.Standard)

    call.unit.then(lambda store: post.append(store, post.PUSHES, number, push), show)
    return True


HANDLERS = {
    "MailSend": send,
    "MailsRequest": everything,
    "MailLast": last_path,
    "NotificationsSend": notify,
}
