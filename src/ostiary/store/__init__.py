"""The only state, in SQL. Knows no AWS facts: it keeps rows, and says what changed."""
