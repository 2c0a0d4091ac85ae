"""The way of a request: route, authenticate, parse, authorize, operate, audit, respond."""
