"""The error of a setting."""


class SettingsError(Exception):
    """A setting that can't be used; the text names it."""
