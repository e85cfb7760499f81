"""What every page is made of: figures, tables, forms, views."""
