"""Text broken into lines as `kubectl explain` breaks it.

Breaks happen at spaces only, line breaks of the text stay, and a word longer than a line is left whole. The spaces at
which a line is broken disappear; others stay.
"""

_NO_BREAK_SPACE = "\u00a0"


def wrap(text: str, width: int) -> str:
    """Return the text with no line longer than `width` characters, as far as its words allow."""
    done: list[str] = []
    line_length = 0
    word = spaces = ""
    for character in text:
        if character == "\n":
            if word or line_length + len(spaces) <= width:
                done.append(spaces + word)
            done.append("\n")
            line_length, word, spaces = 0, "", ""
        elif character.isspace() and character != _NO_BREAK_SPACE:
            if word or not spaces:
                done.append(spaces + word)
                line_length += len(spaces) + len(word)
                word = spaces = ""
            spaces += character
        else:
            word += character
            if line_length + len(spaces) + len(word) > width > len(word):
                done.append("\n")
                line_length, spaces = 0, ""
    if word or line_length + len(spaces) <= width:
        done.append(spaces + word)
    return "".join(done)


def indent(text: str, by: int) -> str:
    """Return the text with all lines moved to the right, empty ones too."""
    pad = " " * by
    return pad + text.replace("\n", "\n" + pad)
