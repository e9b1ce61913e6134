"""The four kinds of patches behind one protocol: `patches.read_patch` gives a `Patch`, whose `transform` is called with
the current object, again if somebody else wrote it first.
"""
