"""Which objects a command is about, where they are read from, and how a change to them is sent and told.

Shared by the verbs that get, make, change and delete objects of any kind.
"""
