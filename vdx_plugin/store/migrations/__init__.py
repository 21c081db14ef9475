"""Numbered steps of the schema, run by Alembic inside the one transaction that ``store.migrating`` opened.

A step that has been released is never changed; it names its own columns and does not import ``store.schema``.
"""
