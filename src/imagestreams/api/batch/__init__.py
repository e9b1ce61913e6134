"""Kubernetes' `batch/v1`: types, defaults, rules, and the timetables of cron jobs."""
