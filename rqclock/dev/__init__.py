"""`rqclock dev`: every process of the Procfile and a Valkey server on one laptop, gone without a trace when it ends."""
