"""What the console needs beyond AWS's operations: signing in, its sessions, and views that AWS has no operation for."""
