"""Workloads as stored objects: programs that are to run, and what may be wanted of them (`apps/v1`, `batch/v1`)."""
