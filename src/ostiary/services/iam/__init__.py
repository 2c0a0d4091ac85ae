"""IAM: a file a noun."""
