"""The timetable of ITT mentor services, a public service, from a file in GoodJob's format. Times are in UTC."""

from rqclock import Clock

clock = Clock(timezone="UTC", name="itt mentor services")
clock.load("scheduled_jobs.yml")

if __name__ == "__main__":
    clock.run()
