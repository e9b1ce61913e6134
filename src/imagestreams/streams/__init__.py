"""The pure core: what happens to a stream's tags when an image arrives, a wish changes or an import ends.

Functions from values to values. Nothing here does I/O, reads a clock or makes a random choice: the time of an event
comes in as an argument, and tags are always visited in the order of their names, so the same input gives the same
stream. May import only `api` and `reference`.
"""
