"""Doing something: a form, a preview that says what will happen, then one request.

1. GET shows the form. It carries a key, made here, that stays the same to the end.
2. POST `preview` checks the form and shows the command's sentence, changes and checks.
3. POST `send` submits the command under that key and leads to the request's page. A double click
   or a reload sends the same key and gets the same request: nothing happens twice.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from panel.access import contact
from panel.access.request import PanelRequest
from panel.commands.base import Command, Invalid
from panel.commands.errors import AlreadyDecided, Denied
from panel.commands.inbox import visible_requests
from panel.commands.submit import check_maker, check_right, check_scope, live_reader, submit
from panel.models import ChangeRequest
from panel.mt4.errors import MT4Error, Unavailable
from panel.ui.attachments import AttachmentsField, kept_values
from panel.ui.views import PanelView

UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why it could not be done: what happened, whether anything changed, what to do."""

    what: str
    todo: str
    changed: str = "Nothing was changed, and nothing was sent."
    number: str = ""
    away: bool = False
    status: int = 409


class CommandView(PanelView):
    """A form for one command. Subclasses give `form_class` and `get_command`.

    Fields of the form and of the command that share a name get each other's errors; a field
    called `reason` is passed to `submit` beside the command.
    """

    template_name = "ui/command.html"
    form_class: ClassVar[type[forms.Form]]
    preview_button: ClassVar[str] = "Preview"
    dangerous: ClassVar[bool] = False

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The command that the form's values make; may raise `Invalid`."""
        raise NotImplementedError

    def get_account(self) -> Any:
        """What the line above the form shows: login, url, name, group, currency, balance, free."""
        return None

    def get_initial(self) -> dict[str, Any]:
        """The form's first values: what the address carries, or the request that is changed."""
        change = self.get_superseded()
        if change is None:
            return self.request.GET.dict()
        values: dict[str, Any] = {"reason": change.reason}
        for name, value in change.payload.items():
            values |= value if isinstance(value, dict) else {name: value}
        if change.maker_id == self.request.actor.person_or_fail().pk:
            return values
        return contact.left_out(values, self.request.actor)

    def get_superseded(self) -> ChangeRequest | None:
        """The waiting request that this form changes, if the address names one.

        Only one that this person may see: for others it does not exist.
        """
        reference = self.request.GET.get("supersedes") or self.request.POST.get("supersedes")
        if not reference:
            return None
        seen = visible_requests(self.request.actor.person_or_fail())
        change = seen.filter(reference=reference).first()
        if change is None:
            raise Http404(f"There is no request {reference}.")
        return change

    def get_form_kwargs(self) -> dict[str, Any]:
        """Further arguments of the form."""
        return {}

    def get_cancel_url(self) -> str:
        """Where Cancel leads."""
        crumbs = self.get_crumbs()
        return crumbs[-1].url if crumbs else "/"

    def get_confirm_word(self, command: Command) -> str:
        """What has to be typed before a dangerous thing is sent; empty for nothing."""
        return ""

    def get_done_url(self, change: ChangeRequest) -> str:
        """Where it leads when it is submitted: the page of the request."""
        return reverse("request_detail", args=(change.reference,))

    # --- The three steps -------------------------------------------------------------------

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The empty form."""
        return self.show_form(self.make_form(initial=self.get_initial()), str(uuid.uuid4()))

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Preview, send, or back to the form."""
        key = request.POST.get("key", "")[:100] or str(uuid.uuid4())
        form = self.make_form(data=request.POST, files=request.FILES)
        step = request.POST.get("step", "preview")
        if step == "edit":
            return self.show_form(self.make_form(initial=typed(form)), key)
        if not form.is_valid():
            return self.show_form(form, key, status=UNPROCESSABLE)
        try:
            command = self.get_command(form.cleaned_data)
            if step == "send":
                return self.send(form, command, key)
            return self.show_preview(form, command, key)
        except Invalid as invalid:
            put_errors(form, invalid)
            return self.show_form(form, key, status=UNPROCESSABLE)
        except (MT4Error, Denied, AlreadyDecided) as error:
            return self.show_form(form, key, trouble=self.trouble_of(error))

    def make_form(self, **kwargs: Any) -> forms.Form:
        """The form, bound or with first values."""
        return self.form_class(**kwargs, **self.get_form_kwargs())

    def send(self, form: forms.Form, command: Command, key: str) -> HttpResponse:
        """Submit the command and go to its request."""
        word = self.get_confirm_word(command)
        if word and self.request.POST.get("confirm", "").strip() != word:
            return self.show_preview(form, command, key, confirm_error=f"Type {word} exactly.")
        change = submit(
            command,
            actor=self.request.actor,
            source="web",
            reason=form.cleaned_data.get("reason", ""),
            key=key,
            supersedes=self.get_superseded(),
        )
        return HttpResponseRedirect(self.get_done_url(change))

    def show_preview(
        self, form: forms.Form, command: Command, key: str, confirm_error: str = ""
    ) -> HttpResponse:
        """What will happen, and the button that does it."""
        live, actor = live_reader(command), self.request.actor
        check_right(command, actor, source="web")
        target = command.target(live)
        check_scope(command, target, command.get_platform(), actor, source="web")
        check_maker(command, actor, source="web")
        command.validate(live, actor)
        if command.moves_money:
            maker = actor.person_or_fail()
            command.hold_limits(maker, target, but=self.get_superseded(), lock=False)
        preview = command.preview(live)
        return self.render(
            status=UNPROCESSABLE if confirm_error else 200,
            account=self.get_account(),
            cancel_url=self.get_cancel_url(),
            preview=preview,
            superseded=self.get_superseded(),
            stopped=any(check.level == "stop" for check in preview.checks),
            kept=self.kept(form),
            key=key,
            confirm_word=self.get_confirm_word(command),
            confirm_error=confirm_error,
        )

    def kept(self, form: forms.Form) -> list[tuple[str, str]]:
        """What was typed, to be sent again with the button; only what the form asked for."""
        pairs: list[tuple[str, str]] = []
        for name, field in form.fields.items():
            if isinstance(field, AttachmentsField):
                pairs += kept_values(name, form.cleaned_data[name])
                continue
            # A control of several boxes numbers them: `amount_0`, `amount_1`.
            boxes = re.compile(rf"{re.escape(name)}(_\d+)?")
            for posted, values in self.request.POST.lists():
                if boxes.fullmatch(posted):
                    pairs += [(posted, value) for value in values]
        return pairs

    def show_form(
        self, form: forms.Form, key: str, *, trouble: Trouble | None = None, status: int = 200
    ) -> HttpResponse:
        """The form, with its errors beside the fields."""
        account, why = None, trouble
        try:
            account = self.get_account()
        except MT4Error as error:
            why = why or self.trouble_of(error)
        return self.render(
            status=why.status if why else status,
            account=account,
            cancel_url=self.get_cancel_url(),
            form=form,
            key=key,
            superseded=self.get_superseded(),
            trouble=why,
        )

    def trouble_of(self, error: Exception) -> Trouble:
        """A failure before anything was sent, in words."""
        number = self.request.actor.request_id
        match error:
            case Unavailable():
                return Trouble(
                    "The trade server does not answer",
                    "Wait until the server's state above says connected, then send the form "
                    "again. What you typed is still there.",
                    number=error.activity_id or number,
                    away=True,
                    status=503,
                )
            case MT4Error():
                return Trouble(
                    error.explain(), "Correct it and try again.", number=error.activity_id or number
                )
            case AlreadyDecided():
                return Trouble(str(error), "Open the request to see what became of it.")
            case _:
                return Trouble(
                    "You may not do this",
                    f"{error} Ask an administrator, or somebody who has the right.",
                    number=number,
                    status=403,
                )


def typed(form: forms.Form) -> dict[str, Any]:
    """What a sent form holds, as first values: every choice of several, and no errors yet."""
    return {
        name: field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
        for name, field in form.fields.items()
    }


def put_errors(form: forms.Form, invalid: Invalid) -> None:
    """A command's errors, beside the fields of the same name; the rest above the form."""
    for name, texts in invalid.errors.items():
        target = name if name in form.fields else None
        for text in texts:
            form.add_error(target, text)
