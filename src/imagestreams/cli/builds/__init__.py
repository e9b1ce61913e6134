"""Builds from the command line: which one is meant, what is sent for it, and what it writes."""
