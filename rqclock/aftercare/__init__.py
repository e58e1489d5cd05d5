"""What the leader does for jobs after the queue: later ones, lost ones, their ends, and what is kept."""
