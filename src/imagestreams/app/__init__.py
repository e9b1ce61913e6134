"""The server as a whole: settings, certificates, the administrator's credentials, listeners, and the wiring.

This is the one place that knows all rooms. It decides nothing about image streams; it makes the parts, hands them to
each other, starts them in order and stops them in the reverse one.
"""
