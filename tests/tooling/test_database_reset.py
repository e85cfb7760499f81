"""The test database between two tests with real transactions."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from panel import audit
from panel.access.actor import Actor
from panel.models import AuditEntry, Role


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_begins_with_the_migrations_rows_and_an_empty_audit_log(turn: str) -> None:
    assert Role.objects.exists()
    assert not AuditEntry.objects.exists()
    with transaction.atomic():
        audit.record(Actor.system("test"), turn, source="test")
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE panel_auditentry SET action = 'another'")
    Role.objects.all().delete()
