"""`rqclock doctor`: is everything around the clock as it must be, and if not: what, why, and what to do?"""
