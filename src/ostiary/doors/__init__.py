"""The doors: faces towards the network. They own async, sockets and streams, and decide nothing."""
