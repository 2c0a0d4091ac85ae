"""The room that makes, seals and hides secrets. It knows no store, no wire and no policy."""
