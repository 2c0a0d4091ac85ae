"""The examples, users' own cases, and the policy room as a library."""
