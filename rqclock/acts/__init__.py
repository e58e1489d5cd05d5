"""What people do: run now, pause, skip, backfill, requeue; each recorded."""
