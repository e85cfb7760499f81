"""The road to MT4: everything that knows the trade server stands in this package.

Pure Python, no Django: the sandbox, the panel and its workers use it alike.
"""
