"""Charts: a past that is made up once and for all, a present made of ticks, and corrections.

Prices are whole points here. Bars of every period agree: an hour's high is the highest of its
minutes, in the made-up past as well as in what the ticks left.
"""
