"""The views every page is built on: a page, and a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from django_filters import FilterSet

from panel.access.request import PanelRequest
from panel.door.views import PermissionRequired
from panel.models import Platform
from panel.ui.filters import Chip, chips, misread
from panel.ui.links import Link
from panel.ui.platform import platform_of
from panel.ui.tables import Table


class PanelView(PermissionRequired):
    """A page: a right, a title, one primary button, the rest in a menu."""

    request: PanelRequest
    template_name: ClassVar[str]
    title: ClassVar[str] = ""
    stands_on: Platform | None = None

    def get_title(self) -> str:
        """The page's heading."""
        return self.title

    def get_crumbs(self) -> Sequence[Link]:
        """Where this page hangs; only from the second level on."""
        return ()

    def get_primary(self) -> Link | None:
        """The one thing most people come here to do; None without the right."""
        return None

    def get_more(self) -> Sequence[Link]:
        """What else can be done here, as far as the person may."""
        return ()

    def get_page_platform(self) -> Platform | None:
        """The platform that the page or its form is about: that of the object it shows, as the
        view told by `stands_on`; None where it is about none.
        """
        return self.stands_on

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """What the template knows."""
        self.request.page_platform = self.get_page_platform()
        return {
            "page_platform": self.request.page_platform,
            "view": self,
            "title": self.get_title(),
            "crumbs": self.get_crumbs(),
            "primary": self.get_primary(),
            "more": self.get_more(),
            **extra,
        }

    def render(self, *, template: str = "", status: int = 200, **extra: Any) -> TemplateResponse:
        """The page."""
        return TemplateResponse(
            self.request,
            template or self.template_name,
            self.get_context(**extra),
            status=status,
        )

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, whole."""
        return self.render()


class OnPlatform(PanelView):
    """A page or form about the platform that its address or its field `server` names; a plain
    address opens it on the one in use. Name it before the other view class.
    """

    @cached_property
    def platform(self) -> Platform | None:
        """The platform; None where the person sees none."""
        return platform_of(self.request)

    def get_page_platform(self) -> Platform | None:
        """The same."""
        return self.platform


class TableView(PanelView):
    """A list: search, filters, columns, keyset pages, live updates.

    A plain GET is the whole page; htmx asks for the table alone, by its element's id.
    """

    template_name = "ui/list.html"
    table_template: ClassVar[str] = "ui/table.html"
    table_class: ClassVar[type[Table]]
    filterset_class: ClassVar[type[FilterSet] | None] = None
    search_words: ClassVar[str] = ""
    refresh: ClassVar[int] = 10
    as_of_limit: ClassVar[int] = 60
    subtitle: ClassVar[str] = ""

    def get_queryset(self) -> QuerySet[Any]:
        """The rows this person may see: `Model.objects.visible_to(self.request.actor.user)`."""
        raise NotImplementedError

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Narrow by the search box; asked only with words in it."""
        return queryset

    def as_of(self) -> datetime | None:
        """When the figures were read from MT4; None for what is the panel's own."""
        return None

    @property
    def is_mirror(self) -> bool:
        """Whether the list says how old it is."""
        return type(self).as_of is not TableView.as_of

    def get_table(self) -> tuple[Table, FilterSet | None]:
        """The table of what is asked for, and the filters that narrowed it."""
        queryset = self.get_queryset()
        filters: FilterSet | None = None
        if self.filterset_class:
            filters = self.filterset_class(
                self.request.GET, queryset=queryset, request=self.request
            )
            # What cannot be read narrows nothing, so nothing is shown: all rows would be taken
            # for what was asked for.
            queryset = filters.qs if filters.is_valid() else queryset.none()
        words = self.request.GET.get("q", "").strip()
        if words and self.search_words:
            queryset = self.search(queryset, words)
        table = self.get_table_class()(self.request, queryset)
        if isinstance(self, OnPlatform) and self.platform:
            table.server = self.platform.slug
        return table, filters

    def get_table_class(self) -> type[Table]:
        """The table; one class for all, unless the address decides."""
        return self.table_class

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or the table alone for htmx."""
        table, filters = self.get_table()
        target = f"table-{table.name}"
        alone = request.headers.get("HX-Target") == target
        found: list[Chip] = chips(filters, table) if filters else []
        wrong: list[Chip] = misread(filters, table) if filters else []
        if alone and wrong and request.headers.get("HX-Trigger") == f"{target}-form":
            # The errors belong beside the fields, which are outside of the table.
            return HttpResponse(headers={"HX-Redirect": request.get_full_path()})
        response = self.render(
            template=self.table_template if alone else "",
            table=table,
            target=target,
            filters=filters,
            chips=found,
            misread=wrong,
            words=request.GET.get("q", "").strip(),
            as_of=self.as_of() if self.is_mirror else None,
        )
        patch_vary_headers(response, ["HX-Target"])
        return response
