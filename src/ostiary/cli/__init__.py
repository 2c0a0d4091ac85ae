"""The command `ostiary`."""
