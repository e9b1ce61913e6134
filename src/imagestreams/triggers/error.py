"""The error of the room."""


class TriggerError(Exception):
    """An object's triggers can't be read or applied; the text says why, for the object's owner."""
