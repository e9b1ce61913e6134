"""Loops that import: what streams want, what is due, what was pushed."""
