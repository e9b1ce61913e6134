"""Kubernetes' `apps/v1`, replication controllers and scales: types, defaults, rules."""
