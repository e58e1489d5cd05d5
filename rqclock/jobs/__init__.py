"""What is queued: functions under `@job`, their arguments, and RQ's records of them."""
