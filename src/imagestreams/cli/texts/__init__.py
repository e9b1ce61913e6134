"""Layout of what is printed: columns, wrapped words, sizes, explained fields. Pure functions from values to text."""
