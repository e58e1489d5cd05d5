"""What people and programs read: status, history, why, audit."""
