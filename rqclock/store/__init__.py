"""Our keys in Redis, the scripts that write them, and the lease that says who may."""
