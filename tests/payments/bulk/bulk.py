"""Files of payments for tests: uploaded, checked, asked for."""

from __future__ import annotations

import uuid
from typing import Any

from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform, User
from payments.bulk import store
from payments.bulk.check import check
from payments.bulk.command import CarryOutFile
from payments.models import BulkFile
from tests.factories import actor
from tests.payments.bulk.files import csv_of


def upload(person: User, data: bytes, name: str = "march.csv", **fields: Any) -> BulkFile:
    """A stored file that waits to be checked, on the demo platform."""
    kept = store.keep([data])
    return BulkFile.objects.create(
        **{
            "platform": Platform.objects.get(slug="demo"),
            "name": name,
            "sha256": kept.sha256,
            "size": kept.size,
            "stored": kept.name,
            "source": BulkFile.Source.CSV,
            "uploaded_by": person,
            **fields,
        }
    )


def checked(person: User, *lines: str, **fields: Any) -> BulkFile:
    """A CSV file of these lines, checked."""
    file = upload(person, csv_of(*lines), **fields)
    check(file.pk)
    file.refresh_from_db()
    return file


def problems(file: BulkFile) -> list[tuple[int, str, str]]:
    """Line, column and message of every fault."""
    return list(file.problems.values_list("line", "column", "message"))


def submitted(person: User, file: BulkFile) -> ChangeRequest:
    """The request to carry a file out."""
    return submit(
        CarryOutFile.of(file),
        actor=actor(person),
        source="test",
        reason="payday",
        key=str(uuid.uuid4()),
    )
