"""Jobs of reports, and what they found."""
