"""Database triggers: a note is never changed and never deleted."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_SQLITE = [
    """CREATE TRIGGER note_no_update BEFORE UPDATE ON payments_note
       BEGIN SELECT RAISE(ABORT, 'notes are append-only'); END""",
    """CREATE TRIGGER note_no_delete BEFORE DELETE ON payments_note
       BEGIN SELECT RAISE(ABORT, 'notes are append-only'); END""",
]
_SQLITE_DROP = [
    "DROP TRIGGER IF EXISTS note_no_update",
    "DROP TRIGGER IF EXISTS note_no_delete",
]
_POSTGRES = [
    """CREATE OR REPLACE FUNCTION payments_note_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'notes are append-only'; END $$""",
    """CREATE TRIGGER note_no_change BEFORE UPDATE OR DELETE ON payments_note
       FOR EACH ROW EXECUTE FUNCTION payments_note_refuse()""",
    """CREATE TRIGGER note_no_truncate BEFORE TRUNCATE ON payments_note
       FOR EACH STATEMENT EXECUTE FUNCTION payments_note_refuse()""",
]
_POSTGRES_DROP = [
    "DROP TRIGGER IF EXISTS note_no_change ON payments_note",
    "DROP TRIGGER IF EXISTS note_no_truncate ON payments_note",
    "DROP FUNCTION IF EXISTS payments_note_refuse()",
]


def create(editor: BaseDatabaseSchemaEditor) -> None:
    """Put the triggers up."""
    for statement in _POSTGRES if editor.connection.vendor == "postgresql" else _SQLITE:
        editor.execute(statement)


def drop(editor: BaseDatabaseSchemaEditor) -> None:
    """Take them down (for the reverse of the migration, and for emptying test tables)."""
    for statement in _POSTGRES_DROP if editor.connection.vendor == "postgresql" else _SQLITE_DROP:
        editor.execute(statement)
