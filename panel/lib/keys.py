"""A column that holds the comparable form of another one, and cannot be forgotten."""

from __future__ import annotations

from typing import Any

from django.db import models

from panel.lib.text import comparable

LENGTH = 200


class ComparableField(models.CharField[str, str]):
    """The comparable form of the field `source`, written with every save, indexed.

    Found by `exact` with `key_of` of what is looked for. `QuerySet.update` of the source has to
    update it too: nothing tells it.
    """

    def __init__(self, source: str, **kwargs: Any) -> None:
        self.source = source
        # The database knows the empty one too: rows of code from before this column go on.
        kwargs.update(max_length=LENGTH, blank=True, default="", db_default="", editable=False)
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        """As Django asks, with the source."""
        name, path, args, kwargs = super().deconstruct()
        for implied in ("max_length", "blank", "default", "db_default", "editable"):
            kwargs.pop(implied, None)
        return name, path, args, {"source": self.source, **kwargs}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Worked out anew, also by `bulk_create`."""
        key = key_of(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, key)
        return key


def key_of(text: str) -> str:
    """What the column holds for a text."""
    return comparable(text)[:LENGTH]
