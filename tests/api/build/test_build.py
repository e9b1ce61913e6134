"""Build configs and builds: the wire, what is filled in, and what is refused in which words."""

from typing import Any

import pytest

from imagestreams.api.build.defaulting import clean_paths, default_build, default_build_config
from imagestreams.api.build.types import Build, BuildConfig
from imagestreams.api.build.validation import validate_build_config, validate_build_update
from imagestreams.api.codec import copy, from_dict, to_dict


def config(**spec: Any) -> BuildConfig:
    """A config that is right but for what a test changes."""
    base: dict[str, Any] = {
        "source": {"git": {"uri": "https://git.example.com/a.git"}},
        "strategy": {"dockerStrategy": {}},
        "runPolicy": "Serial",
    }
    return from_dict({"metadata": {"name": "app", "namespace": "here"}, "spec": {**base, **spec}}, BuildConfig)


def problems(**spec: Any) -> list[str]:
    value = config(**spec)
    default_build_config(value)
    return [str(error) for error in validate_build_config(value)]


EVERYTHING: dict[str, Any] = {
    "kind": "BuildConfig",
    "apiVersion": "build.openshift.io/v1",
    "metadata": {"name": "app"},
    "spec": {
        "serviceAccount": "builder",
        "source": {
            "type": "Git",
            "binary": {"asFile": "a"},
            "dockerfile": "FROM scratch",
            "git": {"uri": "u", "ref": "r", "httpProxy": "p", "httpsProxy": "p", "noProxy": "n"},
            "images": [
                {
                    "from": {"kind": "DockerImage", "name": "a"},
                    "as": ["b"],
                    "paths": [{"sourcePath": "/a", "destinationDir": "b"}],
                    "pullSecret": {"name": "s"},
                }
            ],
            "contextDir": "c",
            "sourceSecret": {"name": "s"},
            "secrets": [{"secret": {"name": "s"}, "destinationDir": "d"}],
            "configMaps": [{"configMap": {"name": "c"}, "destinationDir": "d"}],
        },
        "revision": {"type": "Git", "git": {"commit": "c", "author": {"name": "a"}, "committer": {}, "message": "m"}},
        "strategy": {
            "type": "Docker",
            "dockerStrategy": {
                "from": {"kind": "ImageStreamTag", "name": "a:b"},
                "noCache": True,
                "env": [{"name": "A", "value": "1"}],
                "forcePull": True,
                "dockerfilePath": "D",
                "buildArgs": [{"name": "B", "value": "2"}],
                "imageOptimizationPolicy": "SkipLayers",
                "volumes": [
                    {
                        "name": "v",
                        "source": {"type": "Secret", "secret": {"secretName": "s"}},
                        "mounts": [{"destinationPath": "/m"}],
                    }
                ],
            },
            "sourceStrategy": {"from": {"name": "a:b"}, "scripts": "s", "incremental": False, "forcePull": True},
            "customStrategy": {
                "from": {"name": "a:b"},
                "exposeDockerSocket": True,
                "secrets": [{"secretSource": {"name": "s"}, "mountPath": "/m"}],
                "buildAPIVersion": "v1",
            },
            "jenkinsPipelineStrategy": {"jenkinsfilePath": "J", "jenkinsfile": "j", "env": [{"name": "A"}]},
        },
        "output": {
            "to": {"kind": "ImageStreamTag", "name": "o:latest"},
            "pushSecret": {"name": "s"},
            "imageLabels": [{"name": "l", "value": "v"}],
        },
        "resources": {"limits": {"cpu": "1"}},
        "postCommit": {"command": ["a"], "args": ["b"], "script": "c"},
        "completionDeadlineSeconds": 10,
        "nodeSelector": {"a": "b"},
        "mountTrustedCA": True,
        "triggers": [
            {"type": "GitHub", "github": {"secret": "s"}},
            {"type": "Generic", "generic": {"secretReference": {"name": "s"}, "allowEnv": True}},
            {"type": "GitLab", "gitlab": {"secret": "s"}},
            {"type": "Bitbucket", "bitbucket": {"secret": "s"}},
            {
                "type": "ImageChange",
                "imageChange": {"lastTriggeredImageID": "i", "from": {"kind": "ImageStreamTag"}, "paused": True},
            },
        ],
        "runPolicy": "Parallel",
        "successfulBuildsHistoryLimit": 1,
        "failedBuildsHistoryLimit": 0,
    },
    "status": {
        "lastVersion": 3,
        "imageChangeTriggers": [
            {"lastTriggeredImageID": "i", "from": {"namespace": "n", "name": "a:b"}, "lastTriggerTime": None}
        ],
    },
}


def test_every_field_of_a_build_config_comes_back_as_it_was_sent() -> None:
    assert to_dict(from_dict(EVERYTHING, BuildConfig)) == EVERYTHING


def test_fields_that_go_always_writes_are_written() -> None:
    spec: dict[str, Any] = {
        "source": {},
        "strategy": {},
        "output": {},
        "resources": {},
        "postCommit": {},
        "nodeSelector": None,
    }

    assert to_dict(BuildConfig()) == {"metadata": {}, "spec": spec, "status": {"lastVersion": 0}}
    assert to_dict(Build()) == {"metadata": {}, "spec": spec, "status": {"phase": "", "output": {}}}


def test_types_follow_from_what_is_set() -> None:
    value = config(source={"type": "Dockerfile", "git": {"uri": "u"}, "dockerfile": "FROM a"}, runPolicy="")

    default_build_config(value)

    assert (value.spec.source.type, value.spec.strategy.type, value.spec.run_policy) == ("Git", "Docker", "Serial")


def test_a_type_alone_chooses_a_strategy_and_a_source() -> None:
    value = config(source={"type": "Binary"}, strategy={"type": "Docker"})

    default_build_config(value)

    assert value.spec.source.binary is not None
    assert value.spec.strategy.docker_strategy is not None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"kind": "ImageStream", "name": "a"}, ("ImageStreamTag", "a:latest")),
        ({"name": "a:1"}, ("ImageStreamTag", "a:1")),
        ({"kind": "DockerImage", "name": "a"}, ("DockerImage", "a")),
    ],
)
def test_a_strategy_takes_older_references(given: dict[str, str], kept: tuple[str, str]) -> None:
    value = config(strategy={"dockerStrategy": {"from": given}})

    default_build_config(value)

    strategy = value.spec.strategy.docker_strategy
    assert strategy is not None and strategy.from_ is not None
    assert (strategy.from_.kind, strategy.from_.name) == kept


def test_older_names_of_triggers_are_understood() -> None:
    value = config(
        triggers=[
            {"type": "github", "github": {"secret": "s"}},
            {"type": "generic", "generic": {"secret": "s"}},
            {"type": "imageChange", "imageChange": {"from": {"kind": "ImageStreamTag", "name": "a:1"}}},
        ]
    )

    default_build_config(value)

    assert [trigger.type for trigger in value.spec.triggers or []] == ["GitHub", "Generic", "ImageChange"]


def test_a_trigger_for_an_image_that_is_no_tag_is_dropped() -> None:
    follows = config(strategy={"dockerStrategy": {"from": {"name": "a:1"}}}, triggers=[{"type": "ImageChange"}])
    follows_nothing = config(triggers=[{"type": "ImageChange"}, {"type": "ConfigChange"}])

    default_build_config(follows)
    default_build_config(follows_nothing)

    assert [one.type for one in follows.spec.triggers or []] == ["ImageChange"]
    assert [one.type for one in follows_nothing.spec.triggers or []] == ["ConfigChange"]


@pytest.mark.parametrize(
    ("given", "kept"), [("./a/", "a"), (".", ""), ("a/../b", "b"), ("../a", "../a"), ("//a", "/a")]
)
def test_a_context_directory_is_written_in_its_shortest_form(given: str, kept: str) -> None:
    value = config(source={"git": {"uri": "u"}, "contextDir": given})

    clean_paths(value.spec)

    assert value.spec.source.context_dir == kept


def test_a_good_config_has_no_problems() -> None:
    assert problems() == []


ONE_OF = (
    "must provide a value for exactly one of sourceStrategy, customStrategy, dockerStrategy, or jenkinsPipelineStrategy"
)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (
            {"source": {}},
            'spec.source: Invalid value: "": must provide a value for at least one source input(git, binary, '
            "dockerfile, images).",
        ),
        (
            {"source": {"git": {"uri": "u"}, "binary": {}}},
            'spec.source.git: Invalid value: "": may not be set when binary is also set',
        ),
        ({"source": {"git": {}}}, "spec.source.git.uri: Required value"),
        (
            {"source": {"git": {"uri": "u"}, "contextDir": "../x"}},
            'spec.source.contextDir: Invalid value: "../x": context dir must not be a relative path',
        ),
        (
            {"source": {"dockerfile": "x" * 60001}},
            'spec.source.dockerfile: Invalid value: "": must be smaller than 60000 bytes',
        ),
        (
            {"source": {"git": {"uri": "u"}, "secrets": [{"secret": {"name": "s"}, "destinationDir": "/x"}]}},
            'spec.source.secrets[0].destinationDir: Invalid value: "/x": for the docker strategy the destinationDir '
            "has to be relative path",
        ),
        (
            {"source": {"images": [{"from": {"kind": "DockerImage", "name": "a"}}]}},
            "spec.source.images[0].paths: Required value: must specify 'paths' or 'as'",
        ),
        (
            {
                "source": {
                    "images": [
                        {"from": {"kind": "DockerImage", "name": "a"}, "as": ["x"]},
                        {"from": {"kind": "DockerImage", "name": "b"}, "as": ["x"]},
                    ]
                }
            },
            'spec.source.images[1].as[0]: Duplicate value: "x"',
        ),
        (
            {"strategy": {"dockerStrategy": {"from": {"kind": "Odd", "name": "a"}}}},
            "spec.strategy.dockerStrategy.from.kind: Invalid value: \"Odd\": must be 'ImageStreamTag', "
            "'ImageStreamImage', or 'DockerImage'",
        ),
        (
            {"strategy": {"dockerStrategy": {"from": {"name": "a"}}}},
            'spec.strategy.dockerStrategy.from.name: Invalid value: "a": must be <name>:<tag>',
        ),
        (
            {"strategy": {"dockerStrategy": {"from": {"kind": "DockerImage", "name": "A"}}}},
            'spec.strategy.dockerStrategy.from.name: Invalid value: "A": not a valid Docker pull specification: '
            "repository name must be lowercase",
        ),
        (
            {"strategy": {"dockerStrategy": {"dockerfilePath": "/x"}}},
            'spec.strategy.dockerStrategy.dockerfilePath: Invalid value: "/x": dockerfilePath must be a relative path '
            "within your source location",
        ),
        (
            {"strategy": {"dockerStrategy": {"env": [{"name": ""}]}}},
            "spec.strategy.dockerStrategy.env[0].name: Required value",
        ),
        (
            {"output": {"to": {"kind": "ImageStreamImage", "name": "a"}}},
            'spec.output.to.kind: Invalid value: "ImageStreamImage": the target of build output must be an '
            "'ImageStreamTag' or 'DockerImage'",
        ),
        (
            {"output": {"to": {"kind": "ImageStreamTag", "name": "a"}}},
            'spec.output.to.name: Invalid value: "a": ImageStreamTag object references must be in the form '
            "<name>:<tag>",
        ),
        ({"output": {"pushSecret": {}}}, "spec.output.pushSecret.name: Required value"),
        (
            {"output": {"imageLabels": [{"name": "a"}, {"name": "a"}]}},
            'spec.output.imageLabels[1].name: Invalid value: "a": duplicate name',
        ),
        (
            {"runPolicy": "Odd"},
            'spec.runPolicy: Invalid value: "Odd": run policy must Parallel, Serial, or SerialLatestOnly',
        ),
        (
            {"failedBuildsHistoryLimit": -1},
            "spec.failedBuildsHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            {"completionDeadlineSeconds": 0},
            "spec.completionDeadlineSeconds: Invalid value: 0: completionDeadlineSeconds must be a positive integer "
            "greater than 0",
        ),
        (
            {"nodeSelector": {"a b": "c"}},
            'spec.nodeSelector[a b]: Invalid value: "c": must be a valid node selector',
        ),
        ({"triggers": [{"type": "GitHub"}]}, "spec.triggers[0].github: Required value"),
        (
            {"triggers": [{"type": "GitHub", "github": {}}]},
            "spec.triggers[0].github: Invalid value: {}: must provide a value for at least one of secret or "
            "secretReference",
        ),
        (
            {"triggers": [{"type": "GitHub", "github": {"secret": "hush", "allowEnv": True}}]},
            "spec.triggers[0].github.allowEnv: Invalid value: true: git webhooks cannot allow env vars",
        ),
        (
            {"triggers": [{"type": "ImageChange", "imageChange": {"from": {"kind": "DockerImage", "name": "a"}}}]},
            'spec.triggers[0].imageChange.from.kind: Invalid value: "DockerImage": only an ImageStreamTag type of '
            "reference is allowed in an ImageChange trigger.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_told_in_the_words_of_openshift(spec: dict[str, Any], told: str) -> None:
    assert told in problems(**spec)


def test_there_is_exactly_one_strategy() -> None:
    assert problems(strategy={})[0].endswith(ONE_OF)
    assert problems(strategy={"dockerStrategy": {}, "sourceStrategy": {"from": {"name": "a:1"}}})[0].endswith(ONE_OF)


def test_one_tag_is_followed_once() -> None:
    tag = {"from": {"kind": "ImageStreamTag", "name": "a:1"}}
    twice = [{"type": "ImageChange", "imageChange": tag}, {"type": "ImageChange"}]

    found = problems(strategy={"dockerStrategy": {"from": {"name": "a:1"}}}, triggers=twice)

    assert [problem.rpartition(": ")[2] for problem in found] == [
        "multiple ImageChange triggers refer to the same image stream tag"
    ]


def build(phase: str = "New") -> Build:
    value = from_dict(
        {
            "metadata": {"name": "app-1", "namespace": "here"},
            "spec": {"source": {"git": {"uri": "u"}}, "strategy": {"dockerStrategy": {"env": []}}},
            "status": {"phase": phase},
        },
        Build,
    )
    default_build(value)
    return value


def test_a_build_keeps_its_spec_but_for_the_push_secret() -> None:
    old = build()
    new = copy(old)
    new.spec.output = from_dict({"output": {"pushSecret": {"name": "s"}}}, type(new.spec)).output
    assert validate_build_update(new, old) == []

    new.spec.service_account = "other"
    new.spec.source.context_dir = "x"

    diff = '{"spec":{"serviceAccount":"other","source":{"contextDir":"x"}}}'
    assert [error.message for error in validate_build_update(new, old)] == [
        'Invalid value: "content of spec is not printed out, please refer to the details": spec is immutable, '
        f"diff: {diff}"
    ]


def test_a_build_does_not_come_back_from_its_end() -> None:
    old, new = build("Complete"), build("Running")

    assert [str(error) for error in validate_build_update(new, old)] == [
        'status.phase: Invalid value: "Running": phase cannot be updated from a terminal state'
    ]
