"""STS: a file a noun."""
