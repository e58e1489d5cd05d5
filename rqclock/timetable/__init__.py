"""A clock file's lines: what they may say, and the schedules that come of them."""
