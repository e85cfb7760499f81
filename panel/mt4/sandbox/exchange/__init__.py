"""What prices and time do by themselves: the market's own half of the server.

`walk` makes prices, `levels` and `watch` know whom a price concerns, `reactions` opens, closes
and stops out, `rollover` ends a day, and `timekeeper` drives it all, by the second or by tests.
"""
