"""Objects as text: tables, names, documents (JSON and YAML), JSONPath templates and custom columns.

Everything here is from values to text; where the values come from and where the text goes is not known here.
"""
