"""The soak: an hour of mixed payments, transfers and files under everything that can go wrong."""
