"""What operations do: a package a service, a file a noun."""
