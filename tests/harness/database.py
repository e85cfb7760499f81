"""Emptying the test database after a test with real transactions."""

from __future__ import annotations

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection

from panel.audit import triggers
from payments import triggers as notes


def contents() -> str:
    """The rows that the migrations made (roles, policies), to be put back after each flush."""
    return connection.creation.serialize_db_to_string()


def reset(initial: str) -> None:
    """Bring the database back to `initial`.

    The triggers of the audit log and of notes refuse to empty them, so they are down for that
    moment.
    """
    with connection.schema_editor() as editor:
        triggers.drop(editor)
        notes.drop(editor)
    call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    connection.creation.deserialize_db_from_string(initial)
    # Rows put back keep their numbers; on PostgreSQL the next new row would take one of them.
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)
    with connection.schema_editor() as editor:
        triggers.create(editor)
        notes.create(editor)
