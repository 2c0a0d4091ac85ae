"""Service organizations: accounts in a tree of units, and the policies that bind them."""
