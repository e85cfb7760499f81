"""Writing many new rows at once: at thousands a second, an object for each of them would tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models

from panel.lib.keys import ComparableField, key_of

# What the database takes as it is.
_PLAIN = (models.CharField, models.TextField, models.IntegerField, models.ForeignKey)


def insert(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, in the caller's transaction: values by name of field, foreign keys as `…_id`,
    the same names in each. Fields that are left out get their defaults;
    comparable forms follow their source.

    Numbers that the database gives stay there: nothing is read back, and no signal is sent.
    Constraints and triggers hold as always. Raises IntegrityError.
    """
    fields = [
        field
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField | models.BigAutoField)
    ]
    names = [field.attname for field in fields]
    absent = [field for field in fields if rows and field.attname not in rows[0]]
    convert = [(field.attname, field) for field in fields if not isinstance(field, _PLAIN)]
    prepared = []
    for row in rows:
        values = {**row, **{field.attname: _left_out(field, row) for field in absent}}
        for name, field in convert:
            values[name] = field.get_db_prep_save(values[name], connection)
        prepared.append([values[name] for name in names])
    _write(model._meta.db_table, [str(field.column) for field in fields], prepared)


def _left_out(field: models.Field[Any, Any], row: Mapping[str, Any]) -> Any:
    if isinstance(field, ComparableField):
        return key_of(row.get(field.source, ""))
    return field.get_default()


def _write(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    quote = connection.ops.quote_name
    place = f"{quote(table)} ({', '.join(map(quote, columns))})"
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {place} VALUES ({marks})", rows)  # noqa: S608 - our own names
            return
        statement = f"COPY {place} FROM STDIN"
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


def set_values(model: type[models.Model], name: str, values: Mapping[int, Any]) -> None:
    """Set one field of many rows, each to a value of its own, by primary key; in the caller's
    transaction. `bulk_update` would send a case for each row."""
    if not values:
        return
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise TypeError(f"{name} is no column of {model.__name__}.")
    quote = connection.ops.quote_name
    column, table = quote(str(field.column)), quote(model._meta.db_table)
    kind = field.db_type(connection) if connection.vendor == "postgresql" else ""
    value = f"CAST(given.value AS {kind})" if kind else "given.value"
    marks = ", ".join(["(%s, %s)"] * len(values))
    flat = [
        part
        for key, one in values.items()
        for part in (key, field.get_db_prep_save(one, connection))
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH given(id, value) AS (VALUES {marks}) UPDATE {table} SET {column} = {value} "  # noqa: S608 - our own names
            f"FROM given WHERE {table}.{quote('id')} = given.id",
            flat,
        )
