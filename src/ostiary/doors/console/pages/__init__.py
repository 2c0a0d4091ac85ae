"""doors/console: the pages, a module a noun."""
