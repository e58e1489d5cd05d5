"""When each job is enqueued: one line, one schedule. Times are London times."""

import os

from rqclock import Clock
from workers import applications, calendars, housekeeping

clock = Clock(timezone="Europe/London")
every = clock.every

every("10 minutes").enqueue(housekeeping.heartbeat)
every("10 minutes").enqueue(housekeeping.post_letters)
every("hour", at=":15").enqueue(calendars.refresh_bank_holidays)
every("working day", at="10:35").enqueue(applications.chase_providers)
every("day", at="00:05", catch_up_within="1 day").enqueue(applications.reject_by_default)
every("monday", at="08:00", name="weekly report, north").enqueue(applications.weekly_report, region="north")
every("monday", at="08:00", name="weekly report, south").enqueue(applications.weekly_report, region="south")
clock.cron("*/5 9-17 * * MON-FRI").enqueue(housekeeping.check_mailbox)

# Development only (`rqclock dev` sets the variable): every few seconds, so that there is something to see at once.
if os.environ.get("RQCLOCK_DEVELOPMENT") == "1":
    every("5 seconds", name="development: heartbeat").enqueue(housekeeping.heartbeat)
    every("15 seconds", name="development: an application arrives").enqueue(applications.simulate_arrival)
    every("20 seconds", name="development: a provider answers").enqueue(applications.simulate_answer)
    every("20 seconds", name="development: mailbox").enqueue(housekeeping.check_mailbox)
    every("30 seconds", name="development: chase providers").enqueue(applications.chase_providers)
    every("45 seconds", name="development: reject by default").enqueue(applications.reject_by_default)
    every("1 minute", name="development: weekly report").enqueue(applications.weekly_report, region="north")

if __name__ == "__main__":
    clock.run()
