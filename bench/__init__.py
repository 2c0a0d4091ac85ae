"""Measurements, side by side in one run: this server, the bare floor under it, and a peer. `make bench` runs them."""
