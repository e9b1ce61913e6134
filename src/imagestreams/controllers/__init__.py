"""Loops that bring what is into line with what is wanted, without anybody asking.

All are level-driven: a change only says which object to look at, and what is done follows from the object's state
alone, so a missed, doubled or late event does no harm. `queue` decides when a key is looked at, `watching` tells of
changes; each folder is about one subject. A loop has `run` (until stopped) and `stop`. May import `resources` and
what lies below.
"""
