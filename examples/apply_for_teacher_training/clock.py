"""The timetable of Apply for teacher training, a public service, as this library writes it. Times are London times."""

from datetime import datetime

from apply import candidates, checks, end_of_cycle, reports, syncs

from rqclock import Clock

clock = Clock(timezone="Europe/London", name="apply for teacher training")
every = clock.every


def monday_to_thursday(local: datetime) -> bool:
    return local.isoweekday() <= 4


every("10 minutes", name="incremental sync").enqueue(syncs.sync_all_providers_and_courses, True)
every("15 minutes").enqueue(candidates.populate_pool)

every("1 hour", at="**:05").enqueue(end_of_cycle.notify_providers_of_start)
every("1 hour", at="**:10").enqueue(checks.process_stale_applications)
every("1 hour", at="**:15").enqueue(syncs.fetch_adviser_teaching_subjects)
every("1 hour", at="**:20").enqueue(candidates.chase_references)
every("1 hour", at="**:20").enqueue(syncs.update_out_of_date_provider_ids)
every("1 hour", at="**:25").enqueue(checks.update_duplicate_matches, {"notify_slack_at": 13})
every("1 hour", at="**:30").enqueue(checks.detect_invariants_hourly)
every("1 hour", at="**:35").enqueue(candidates.chase_pool_invites)

# Without a time the original is due whenever its process starts, and 24 hours after that; here it is due at midnight.
every("1 day").enqueue(end_of_cycle.remind_providers_of_reject_by_default)
every("1 day", at="00:01").enqueue(end_of_cycle.reject_by_default)
every("1 day", at="00:05").enqueue(syncs.trigger_full_sync_if_find_closed)
every("1 day", at="00:30").enqueue(checks.check_entity_tables)
every("1 day", at="01:01").enqueue(end_of_cycle.decline_by_default)  # in the night without a 01:01 it is due at 02:00
every("1 day", at="4:01").enqueue(checks.delete_all_drafts)
every("1 day", at="05:00").enqueue(reports.generate_monthly_statistics)
every("1 day", at="5:01").enqueue(checks.delete_expired_sessions)
every("1 day", at="07:00").enqueue(checks.detect_invariants_daily)
every("1 day", at="09:00").enqueue(end_of_cycle.announce_deadline_has_passed)
every("1 day", at="09:01").enqueue(end_of_cycle.explain_reject_by_default)
every("1 day", at="09:02").enqueue(candidates.update_pool_eligible_forms)
every("1 day", at="10:00").enqueue(candidates.nudge)
every("1 day", at="10:00").enqueue(candidates.suggest_another_course_when_inactive)
every("1 day", at="10:00").enqueue(candidates.suggest_more_courses_when_inactive)
every("1 day", at="10:00").enqueue(end_of_cycle.announce_new_cycle)
every("1 day", at="10:30").enqueue(candidates.chase_offers)
every("1 day", at="12:00").enqueue(end_of_cycle.announce_find_has_opened)
every("1 day", at="12:00").enqueue(end_of_cycle.remind_candidates_of_deadline)
every("1 day", at="17:00", if_=monday_to_thursday).enqueue(reports.send_stats_summary)
every("1 day", at="19:00").enqueue(end_of_cycle.cancel_unsubmitted_applications)
every("1 day", at="23:50").enqueue(reports.export_candidates_for_ministers)
every("1 day", at="23:53").enqueue(reports.export_applications_for_ministers)
every("1 day", at="23:59", name="generate export for TAD").enqueue(reports.export_for_tad)

# The original asks its database first whether this is the season. A clock should not: our job asks, and does nothing.
every("7 days", at="Monday 05:30").enqueue(reports.schedule_performance_reports)
every("7 days", at="Friday 11:00").enqueue(reports.send_weekly_stats_summary)
every("7 days", at="Saturday 00:59", name="full sync").enqueue(syncs.sync_all_providers_and_courses, False)
every("7 days", at="Sunday 23:55").enqueue(reports.export_by_subject_route_and_degree_grade)
every("7 days", at="Sunday 23:57").enqueue(reports.export_by_demographic_domicile_and_degree_class)
every("7 days", at="Sunday 23:59").enqueue(reports.export_subjects_domiciles_nationalities)

if __name__ == "__main__":
    clock.run()
