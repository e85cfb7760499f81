"""The page of a request: what is asked, what became of it, and the decision on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from panel.access import contact
from panel.access.request import PanelRequest
from panel.commands import decide, inbox
from panel.commands.base import Change, Invalid, Risk
from panel.commands.claims import ClaimDecision
from panel.commands.errors import AlreadyDecided, Denied, Stale
from panel.commands.notices import seen
from panel.commands.registry import COMMANDS
from panel.commands.states import FINAL
from panel.commands.submit import withdraw
from panel.models import Approval, ChangeRequest, Purpose, Secret, Status, User
from panel.mt4.errors import MT4Error
from panel.pages.one_time import AlreadyShown, may_show, show_once
from panel.pages.tables import review_url
from panel.ui import claiming, reasons, story
from panel.ui.details import details_of
from panel.ui.figures import money_text
from panel.ui.look import Look, live_look, told_of
from panel.ui.reviewing import Review, review_of
from panel.ui.shown import decided, seal, unseal
from panel.ui.views import PanelView

NO_CHANGE = 204
PAUSE, AWAY_PAUSE = 2, 10
"""Seconds between two polls of an open page."""
RECENT = 5
# While nothing was sent, what would be checked now still means something.
UNDER_WAY = (Status.PENDING, Status.APPROVED)


def next_for(person: User, after: ChangeRequest) -> ChangeRequest | None:
    """The next request that waits for the person, oldest first, around the end to the start."""
    waiting = inbox.waiting_for(person).exclude(pk=after.pk).order_by("created", "pk")
    later = waiting.filter(created__gte=after.created).first()
    return later or waiting.first()


def recent(
    person: User, request: ChangeRequest, *, of_account: bool = False
) -> list[tuple[ChangeRequest, str]]:
    """The last other requests of the account or the maker, as far as the person may see them."""
    seen = inbox.visible_requests(person).exclude(pk=request.pk)
    if of_account:
        if not request.login:
            return []
        seen = seen.filter(platform=request.platform_id, login=request.login)
    else:
        seen = seen.filter(maker=request.maker_id)
    return [(row, story.label_of(row)) for row in seen.order_by("-created", "-pk")[:RECENT]]


def account_url(request: ChangeRequest) -> str:
    """The page of the account that it is about; empty without one."""
    if not request.login or request.platform is None:
        return ""
    return reverse("account", args=[request.platform.slug, request.login])


def changes_of(request: ChangeRequest) -> list[Change]:
    """Before and after as they were when it was asked for."""
    return [Change(**change) for change in request.preview.get("changes", ())]


def conceal(changes: list[Change], readable: bool) -> list[Change]:
    """The lines without the contact details in them, unless the reader may see those."""
    if readable:
        return changes
    return [
        Change(line.label, contact.HIDDEN, contact.HIDDEN)
        if contact.is_contact(line.label)
        else line
        for line in changes
    ]


def concealed_rows(rows: list[story.Row], readable: bool) -> list[story.Row]:
    """What was asked, contact details dotted out for those who may not read them."""
    return [
        row if readable or not contact.is_contact(row.label) else replace(row, value=contact.HIDDEN)
        for row in rows
    ]


def edit_url(request: ChangeRequest) -> str:
    """The form that replaces a waiting payment by another one; empty for anything else."""
    command = COMMANDS[request.command]
    if request.status != Status.PENDING or command.risk is not Risk.MONEY:
        return ""
    if request.platform is None or command.form_url is None:
        return ""
    form = reverse(command.form_url, args=[request.platform.slug, request.login])
    return f"{form}?{urlencode({'supersedes': request.reference})}"


class RequestView(PanelView):
    """One request. The page polls itself until nothing more can happen."""

    permission: ClassVar[str] = "home.view"
    template_name = "pages/request.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """No secrets shown, no trouble yet."""
        super().setup(request, *args, **kwargs)
        self.shown: dict[str, str] = {}
        self.trouble: list[str] = []
        self.stale = False
        self.reopened = ""
        self.note = ""

    def get_object(self) -> ChangeRequest:
        """The request, if this person may see it; for others it does not exist."""
        person = self.request.actor.person_or_fail()
        rows = inbox.visible_requests(person).select_related("maker", "platform")
        # What each question about the decision asks for, for each person it is asked about.
        checkers = Prefetch("approvals", Approval.objects.select_related("checker"))
        rows = rows.prefetch_related(checkers, "authors", "further_groups")
        change = get_object_or_404(rows, reference=self.kwargs["reference"])
        self.stands_on = change.platform
        return change

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; for a poll only what changed, or nothing."""
        change = self.get_object()
        if request.htmx:
            if request.GET.get("version") == story.version(change):
                return HttpResponse(status=NO_CHANGE)
            return self.show(change, template="pages/request.html#live")
        seen(request.actor.person_or_fail(), change)
        return self.show(change)

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Approve, reject, withdraw, or show a one-time secret."""
        change = self.get_object()
        steps = {
            "approve": self.approve,
            "reject": self.reject,
            "withdraw": self.take_back,
            "secret": self.show_secret,
            **dict.fromkeys(claiming.STEPS, self.claim),
        }
        step = steps.get(request.POST.get("step", ""))
        if step is None:
            raise Http404
        try:
            done = step(change)
        except AlreadyDecided as already:
            messages.warning(request, str(already))
            done = True
        except Denied as denied:
            self.trouble = [str(denied)]
            done = False
        except Invalid as invalid:
            self.trouble = [text for texts in invalid.errors.values() for text in texts]
            self.reopened = reasons.reopened(request.POST)
            done = False
        except MT4Error as error:
            self.trouble = [f"{error.explain()} Your decision was not recorded: try it again."]
            done = False
        if done:
            return HttpResponseRedirect(reverse("request_detail", args=[change.reference]))
        return self.show(change, status=200 if self.shown else 409)

    def approve(self, change: ChangeRequest) -> bool:
        """Approve what was seen; what has changed since is shown and asked again."""
        actor = self.request.actor
        seen, shown = self.seen(change)
        self.note = self.request.POST.get("note", "").strip()
        note = reasons.note(self.note)
        try:
            decide.approve(change, actor=actor, source="web", seen=seen, reason=note, shown=shown)
        except Stale:
            self.stale = True
            return False
        messages.success(self.request, f"Approved {change.reference}.")
        return True

    def seen(self, change: ChangeRequest) -> tuple[str, dict[str, Any] | None]:
        """What the page had shown, as it was sealed into it."""
        person = self.request.actor.person_or_fail()
        return unseal(self.request.POST.get("seen", ""), change, person)

    def reject(self, change: ChangeRequest) -> bool:
        """Reject; the reason is one of the list, words of one's own, or both."""
        sent = self.request.POST
        reason = reasons.chosen(sent)
        _, shown = self.seen(change)
        decide.reject(change, actor=self.request.actor, source="web", reason=reason, shown=shown)
        reasons.keep(sent, Purpose.REJECT, self.request.actor)
        messages.success(self.request, f"Rejected {change.reference}.")
        return True

    def claim(self, change: ChangeRequest) -> bool:
        """Take it in hand, give it to somebody, or let it go."""
        sent = self.request.POST
        said = claiming.take_step(
            sent["step"], ClaimDecision, change.reference, sent, self.request.actor
        )
        messages.success(self.request, said)
        return True

    def take_back(self, change: ChangeRequest) -> bool:
        """The maker withdraws it."""
        reason = self.request.POST.get("words", "").strip()
        withdraw(change, actor=self.request.actor, source="web", reason=reason)
        messages.success(self.request, f"Withdrew {change.reference}. Nothing was sent.")
        return True

    def show_secret(self, change: ChangeRequest) -> bool:
        """Show a secret on this answer, and nowhere ever again."""
        name = self.request.POST.get("name", "")
        try:
            clear = show_once(change, name, actor=self.request.actor, source="web")
        except (AlreadyShown, Secret.DoesNotExist):
            self.trouble = ["It was shown before and is gone. Reset the password for a new one."]
            return False
        self.shown = {story.words_of(name): clear}
        return False

    def show(self, change: ChangeRequest, *, template: str = "", status: int = 200) -> HttpResponse:
        """The page or its moving part; never kept by a browser."""
        response = self.render(template=template, status=status, **self.about(change))
        add_never_cache_headers(response)
        return response

    def now(self, change: ChangeRequest) -> Look | None:
        """The values of this moment, beside those that it was decided on."""
        if change.login is None or not any(one.shown for one in change.approvals.all()):
            return None
        return live_look(change)

    def about(self, change: ChangeRequest) -> dict[str, Any]:
        """Everything that the page shows of a request."""
        actor = self.request.actor
        person = actor.person_or_fail()
        command = COMMANDS[change.command]
        why_not = decide.why_not(change, person)
        look: Look | None = None if why_not else live_look(change, person)
        if look and not actor.may(contact.RIGHT):
            look.conceal()
        away = bool(look and look.away)
        following = next_for(person, change)
        details = details_of(change, self.request)
        secrets = change.secrets.all() if may_show(change, actor) else []
        mine = change.maker_id == person.pk
        readable = mine or actor.may(contact.RIGHT)
        moves = command.moves_text(change)
        amount = money_text(change.amount, change.currency) if change.amount is not None else ""
        now = look or self.now(change)
        review = review_of(change) if now and change.status in UNDER_WAY else Review()
        if now:
            now.checks += review.checks
        pending = change.status == Status.PENDING
        box = None
        if pending and actor.may(ClaimDecision.permission):
            box = claiming.box_of(ClaimDecision.of(change), person)
        return {
            "change": change,
            "box": box,
            "seen": seal(change, person, look, tables=review.tables) if look else "",
            "as_decided": decided(change, now, person),
            "now_checks": now.checks if now and change.status in UNDER_WAY else [],
            "title": f"{command.label} {change.reference}",
            "label": command.label,
            "lower_label": command.label.lower(),
            "note": self.note,
            "amount": moves or amount,
            "moves": moves,
            "address": reverse("request_detail", args=[change.reference]),
            # With MT4 away the page asks for itself again, so that the button comes back.
            "version": "" if away else story.version(change),
            "pause": AWAY_PAUSE if away else PAUSE,
            "final": change.status in FINAL,
            "pending": pending,
            "steps": story.timeline(change),
            "payload": [] if details else concealed_rows(story.payload_rows(change), readable),
            "results": story.result_rows(change),
            "details": details,
            "changes": conceal(changes_of(change), readable),
            "read_again": conceal(story.read_again(change), readable),
            "moved_meanwhile": conceal(story.moved_meanwhile(change), readable),
            "edit_url": edit_url(change) if actor.may(command.permission) else "",
            "left_open": command.left_open(change) if change.status == Status.FAILED else None,
            "rejection": story.rejection_of(change),
            "mine": mine,
            "may_withdraw": mine and change.status in (Status.PENDING, Status.APPROVED),
            "why_not": why_not,
            # The decision tells it among its checks.
            "told_of": told_of(change) if change.status == Status.PENDING and not look else [],
            "look": look,
            "stale": self.stale,
            "trouble": self.trouble,
            "reopened": self.reopened,
            "typed": self.request.POST,
            "reasons": reasons.offered(Purpose.REJECT),
            "secrets": [(row, story.words_of(row.name)) for row in secrets],
            "shown": self.shown,
            "next": following,
            "next_url": review_url(following) if following else "",
            "review_url": review_url(change) if command.review_url else "",
            "account_url": account_url(change),
            "about": change.object_text.removeprefix(str(change.login)).strip(),
            "recents": [
                ("Last of this account", recent(person, change, of_account=True)),
                (f"Last by {change.maker.name}", recent(person, change)),
            ],
            "supersedes": change.supersedes,
            "superseded_by": story.superseded_by(change),
        }
