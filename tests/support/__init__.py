"""What tests share: a real server, real processes, and waiting for a condition."""
