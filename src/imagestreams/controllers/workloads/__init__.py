"""Loops of workloads: their revisions, what they own, jobs that are over."""
