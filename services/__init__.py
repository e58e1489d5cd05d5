"""Decision deadlines for applications to training providers. Knows nothing of queues or clocks."""
