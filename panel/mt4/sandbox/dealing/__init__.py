"""Orders from opening to closing: what a dealer, a price or the clock does to them.

`desk` makes the changes and moves the money, `checks` refuses in MT4's order, and `opening`,
`closing` and `changing` carry out the `Br` transactions.
"""
