"""Carrying bulk files out: several workers at once, each line sent at most once, none lost.

1. `lanes` starts Celery tasks for a file that runs; each takes turns at it.
2. A lane takes chunks of lines (`claim`): accounts held, the intent committed under a lease.
3. Live figures are looked at (`look`), then the lines are sent concurrently (`lane`).
4. Outcomes are written for a chunk at once (`record`): lines, payments, holds, audit entries.
5. A line of unknown outcome becomes a request of its own (`unknown`): the same evidence, the same
   key, the same two people as for any other request.
6. `sweep` finds what a dead worker left, starts lanes, and closes the run when all is final.
"""
