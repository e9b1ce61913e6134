"""Namespaces and what lives in them besides streams: the core group, projects, and reviews of oneself.

`group` makes them all over one store.
"""
