"""The rules of what all objects have: names, labels, selectors, the times of field managers."""
