"""Where a client's money may go: kept per account, changed by two people, cooled off."""
