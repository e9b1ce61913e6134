"""Dockerfiles are read and changed as the real builder does it."""

import pytest

from imagestreams.runners.builds.dockerfile import Changes, changed, instructions, referenced_images

TWO_STAGES = """\
# syntax=docker/dockerfile:1
ARG TAG=1
FROM --platform=linux/amd64 golang:${TAG} AS build
RUN make \\
    # not an instruction: FROM nothing
    all
FROM alpine
COPY --from=build /app /app
COPY --from=tools /bin/tool /bin/
"""


def test_lines_that_are_continued_are_one_instruction() -> None:
    found = [(one.word, one.value) for one in instructions(TWO_STAGES)]

    assert found == [
        ("ARG", "TAG=1"),
        ("FROM", "--platform=linux/amd64 golang:${TAG} AS build"),
        ("RUN", "make all"),
        ("FROM", "alpine"),
        ("COPY", "--from=build /app /app"),
        ("COPY", "--from=tools /bin/tool /bin/"),
    ]


def test_a_here_document_is_no_instruction() -> None:
    text = "FROM a\nRUN <<EOF\nFROM evil\nEOF\nRUN true\n"

    assert [one.word for one in instructions(text)] == ["FROM", "RUN", "RUN"]


def test_another_escape_can_be_chosen() -> None:
    text = "# escape=`\nFROM a\nRUN dir `\n  c:\\\n"

    assert [one.value for one in instructions(text)] == ["a", "dir c:\\"]


@pytest.mark.parametrize(
    ("text", "arguments", "images"),
    [
        (TWO_STAGES, (), ["golang:1", "alpine", "tools"]),
        (TWO_STAGES, (("TAG", "2"),), ["golang:2", "alpine", "tools"]),
        ("FROM scratch\n", (), []),
        ("FROM a AS one\nFROM one\nCOPY --from=0 /x /x\n", (), ["a"]),
        ("ARG BASE\nFROM ${BASE:-alpine}\n", (), ["alpine"]),
        ("FROM $UNKNOWN\n", (), ["$UNKNOWN"]),
    ],
)
def test_images_that_are_needed_are_known(text: str, arguments: tuple[tuple[str, str], ...], images: list[str]) -> None:
    assert referenced_images(text, arguments) == images


def test_the_last_image_is_the_one_that_a_strategy_replaces() -> None:
    text = changed(TWO_STAGES, Changes(base="registry.example.com/alpine@sha256:1"))

    assert referenced_images(text) == ["golang:1", "registry.example.com/alpine@sha256:1", "tools"]
    assert "    # not an instruction: FROM nothing\n" in text


def test_images_by_another_name_are_replaced_where_no_stage_is_called_so() -> None:
    text = changed(TWO_STAGES, Changes(names={"tools": "r/tools:1", "alpine": "r/alpine:1", "build": "wrong"}))

    assert "COPY --from=r/tools:1 /bin/tool /bin/\n" in text
    assert "FROM r/alpine:1\n" in text
    assert "COPY --from=build /app /app\n" in text


def test_variables_stand_behind_every_from_and_labels_at_the_end() -> None:
    env, more = (("MODE", "fast"),), (("OPENSHIFT_BUILD_NAME", "b-1"),)
    text = changed("FROM a AS x\nFROM b\n", Changes(env=env, more_env=more, labels=(("by", 'say "hi"'),)))

    assert text == (
        'FROM a AS x\nENV "MODE"="fast"\nFROM b\nENV "MODE"="fast"\n'
        'ENV "OPENSHIFT_BUILD_NAME"="b-1"\nLABEL "by"="say \\"hi\\""\n'
    )


def test_values_of_build_arguments_are_written_into_the_file() -> None:
    text = 'ARG A\nFROM a\nARG A=1 B="two words"\nRUN echo $A $B\n'

    text = changed(text, Changes(arguments={"A": 'cost "5$"', "UNUSED": "x"}))

    value = 'ARG A="cost \\"5\\$\\""'
    assert text == f'{value}\nFROM a\n{value}\nARG B="two words"\nRUN echo $A $B\n'


def test_nothing_to_change_changes_nothing() -> None:
    assert changed(TWO_STAGES, Changes()) == TWO_STAGES
