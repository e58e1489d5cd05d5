"""Exports and figures."""

from __future__ import annotations

from apply.would import would


def export_for_tad() -> str:
    """Export the day's data for TAD."""
    return would(export_for_tad)


def export_subjects_domiciles_nationalities() -> str:
    """Export subjects, domiciles and nationalities for TAD."""
    return would(export_subjects_domiciles_nationalities)


def generate_monthly_statistics() -> str:
    """Write the monthly statistics and their exports."""
    return would(generate_monthly_statistics)


def export_candidates_for_ministers() -> str:
    """Export candidates for the ministerial report."""
    return would(export_candidates_for_ministers)


def export_applications_for_ministers() -> str:
    """Export applications for the ministerial report."""
    return would(export_applications_for_ministers)


def export_by_subject_route_and_degree_grade() -> str:
    """Export applications by subject, route and degree grade."""
    return would(export_by_subject_route_and_degree_grade)


def export_by_demographic_domicile_and_degree_class() -> str:
    """Export applications by demographic, domicile and degree class."""
    return would(export_by_demographic_domicile_and_degree_class)


def send_stats_summary() -> str:
    """Send the day's figures to the team."""
    return would(send_stats_summary)


def send_weekly_stats_summary() -> str:
    """Send the week's figures to the team."""
    return would(send_weekly_stats_summary)


def schedule_performance_reports() -> str:
    """Plan the recruitment performance reports, if it is their season."""
    return would(schedule_performance_reports)
