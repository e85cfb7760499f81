"""A person's own page: name, time zone, looks; second factors, sessions, password."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from panel.access.permissions import SIGNED_IN
from panel.access.request import PanelRequest
from panel.commands.notices import wants_mail
from panel.models import Notice, User
from panel.pages.staff import scopes_words, with_factors
from panel.ui.preferences import DENSITIES, THEMES, TimeZoneForm, keep
from panel.ui.views import PanelView


class MeForm(TimeZoneForm):
    """What a person chooses for themselves. The name is an administrator's affair."""

    theme = forms.ChoiceField(label="Theme", choices=THEMES)
    density = forms.ChoiceField(label="Rows", choices=DENSITIES)
    mail = forms.MultipleChoiceField(
        label="By e-mail too",
        choices=Notice.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="In the panel you are told of all of these, at the bell.",
    )


class MeView(PanelView):
    """One's own page."""

    permission: ClassVar[str] = SIGNED_IN
    title = "You"
    template_name = "pages/me.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form with what was chosen."""
        person = request.actor.person_or_fail()
        form = MeForm(
            initial={
                "time_zone": person.time_zone,
                "theme": person.preferences.get("theme", "auto"),
                "density": person.preferences.get("density", "compact"),
                "mail": [kind for kind in Notice.Kind.values if wants_mail(person, kind)],
            }
        )
        return self.show(form)

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep it."""
        form = MeForm(request.POST)
        if not form.is_valid():
            return self.show(form, status=422)
        person = request.actor.person_or_fail()
        person.time_zone = form.cleaned_data["time_zone"]
        person.save(update_fields=["time_zone"])
        keep(person, **{name: form.cleaned_data[name] for name in ("theme", "density", "mail")})
        messages.success(request, "Kept.")
        return HttpResponseRedirect(reverse("me"))

    def show(self, form: MeForm, status: int = 200) -> HttpResponse:
        """The page."""
        people = with_factors(User.objects.prefetch_related("roles", "scopes__platform"))
        person = people.get(pk=self.request.actor.person_or_fail().pk)
        return self.render(
            status=status,
            form=form,
            person=person,
            held=list(person.roles.all()),
            scopes=scopes_words(person),
        )
