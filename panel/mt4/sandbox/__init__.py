"""An MT4 server in a box: its own process, speaking the JSON WebAPI version 2.

Made for demo, training and tests. It keeps accounts, trades and settings in memory, writes every
change to SQLite before it answers, and can be told to misbehave (`faults`). Start it with
`python -m panel.mt4.sandbox`; nothing of the panel imports it.
"""
