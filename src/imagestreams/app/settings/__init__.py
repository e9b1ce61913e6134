"""What an operator can choose.

`settings` holds them all and merges flags, environment and file; `values` reads single values. A setting that has
parts of its own stands in the settings file only, and has a module here that reads it.
"""
