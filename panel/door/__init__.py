"""The door of the panel: sign-in, rights of pages, and a record of every denial."""
