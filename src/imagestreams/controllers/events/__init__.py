"""Events of objects: in which words, how they are written, how they expire."""
