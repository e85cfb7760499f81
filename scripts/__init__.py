"""What `make` runs: the environment, the services, the process runner."""
