"""Database triggers: the audit log refuses change, an author's approval is refused."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# ruff: noqa: S608  names of our own tables, nothing from outside
AUDIT = "panel_auditentry"
APPROVAL = "panel_approval"
AUTHOR = "panel_requestauthor"

_SQLITE = [
    f"""CREATE TRIGGER audit_no_update BEFORE UPDATE ON {AUDIT}
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    f"""CREATE TRIGGER audit_no_delete BEFORE DELETE ON {AUDIT}
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    f"""CREATE TRIGGER approval_not_by_author BEFORE INSERT ON {APPROVAL}
        WHEN EXISTS (SELECT 1 FROM {AUTHOR}
                     WHERE request_id = NEW.request_id AND user_id = NEW.checker_id)
        BEGIN SELECT RAISE(ABORT, 'an author of a request may not decide on it'); END""",
]
_SQLITE_DROP = [
    "DROP TRIGGER IF EXISTS audit_no_update",
    "DROP TRIGGER IF EXISTS audit_no_delete",
    "DROP TRIGGER IF EXISTS approval_not_by_author",
]
_POSTGRES = [
    """CREATE OR REPLACE FUNCTION panel_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$""",
    f"""CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {AUDIT}
        FOR EACH ROW EXECUTE FUNCTION panel_audit_refuse()""",
    f"""CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {AUDIT}
        FOR EACH STATEMENT EXECUTE FUNCTION panel_audit_refuse()""",
    f"""CREATE OR REPLACE FUNCTION panel_approval_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF EXISTS (SELECT 1 FROM {AUTHOR}
                    WHERE request_id = NEW.request_id AND user_id = NEW.checker_id) THEN
           RAISE EXCEPTION 'an author of a request may not decide on it'
             USING ERRCODE = 'check_violation';
         END IF;
         RETURN NEW;
       END $$""",
    f"""CREATE TRIGGER approval_not_by_author BEFORE INSERT ON {APPROVAL}
        FOR EACH ROW EXECUTE FUNCTION panel_approval_refuse()""",
]
_POSTGRES_DROP = [
    f"DROP TRIGGER IF EXISTS audit_no_change ON {AUDIT}",
    f"DROP TRIGGER IF EXISTS audit_no_truncate ON {AUDIT}",
    f"DROP TRIGGER IF EXISTS approval_not_by_author ON {APPROVAL}",
]


def create(editor: BaseDatabaseSchemaEditor) -> None:
    """Put the triggers up."""
    postgres = editor.connection.vendor == "postgresql"
    for statement in _POSTGRES if postgres else _SQLITE:
        editor.execute(statement)


def drop(editor: BaseDatabaseSchemaEditor) -> None:
    """Take the triggers down (for the reverse of the migration, and for emptying test tables)."""
    postgres = editor.connection.vendor == "postgresql"
    for statement in _POSTGRES_DROP if postgres else _SQLITE_DROP:
        editor.execute(statement)
