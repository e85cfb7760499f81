"""What the tests stand on: real processes, started and stopped here."""
