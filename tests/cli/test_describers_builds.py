"""Descriptions of builds, build configs and deployment configs, as `oc` prints them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from imagestreams.cli.describers.builds import build_duration, describe_build, describe_build_config
from imagestreams.cli.describers.deployment_config import describe_deployment_config
from imagestreams.cli.describers.workloads import PodCounts

NOW = datetime(2026, 11, 25, 4, 0, 0, tzinfo=UTC)
SPEC: dict[str, Any] = {
    "source": {
        "type": "Git",
        "git": {"uri": "https://git.example.com/web.git", "ref": "main"},
        "contextDir": "app",
        "secrets": [{"secret": {"name": "key"}, "destinationDir": "etc/"}],
        "images": [
            {
                "from": {"kind": "DockerImage", "name": "tools"},
                "paths": [{"sourcePath": "/a", "destinationDir": "b"}],
            }
        ],
    },
    "strategy": {
        "type": "Docker",
        "dockerStrategy": {
            "from": {"kind": "ImageStreamTag", "name": "base:1", "namespace": "shared"},
            "noCache": True,
        },
    },
    "output": {"to": {"kind": "ImageStreamTag", "name": "web:latest"}},
    "postCommit": {"script": "make test"},
    "completionDeadlineSeconds": 90,
}
BUILD: dict[str, Any] = {
    "metadata": {
        "name": "web-1",
        "namespace": "here",
        "creationTimestamp": "2026-11-25T03:00:00Z",
        "labels": {"buildconfig": "web"},
    },
    "spec": {
        **SPEC,
        "revision": {
            "git": {
                "commit": "0123456789abcdef",
                "message": "hello",
                "author": {"name": "Jane"},
                "committer": {"name": "Joe"},
            }
        },
        "triggeredBy": [
            {
                "message": "Image change",
                "imageChangeBuild": {"imageID": "base@1", "fromRef": {"kind": "ImageStreamTag", "name": "base:1"}},
            }
        ],
    },
    "status": {
        "phase": "Failed",
        "message": "it failed",
        "startTimestamp": "2026-11-25T03:00:10Z",
        "completionTimestamp": "2026-11-25T03:01:40Z",
        "config": {"name": "web"},
        "stages": [{"name": "Build", "durationMilliseconds": 61400}],
        "logSnippet": "one\ntwo",
        "output": {"to": {"imageDigest": "sha256:abc"}},
    },
}


def shown(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.expandtabs().splitlines()) + "\n"


def test_a_build_is_described() -> None:
    assert shown(describe_build(BUILD, [], NOW)) == (
        "Name:           web-1\n"
        "Namespace:      here\n"
        "Created:        About an hour ago\n"
        "Labels:         buildconfig=web\n"
        "Annotations:    <none>\n"
        "\n"
        "Status:         Failed (it failed)\n"
        "Started:        Wed, 25 Nov 2026 03:00:10 +0000\n"
        "Duration:       1m30s\n"
        "  Build:          1m1s\n"
        "\n"
        "Build Config:   web\n"
        "Build Pod:      web-1-build\n"
        "Image Digest:   sha256:abc\n"
        "\n"
        "Strategy:               Docker\n"
        "URL:                    https://git.example.com/web.git\n"
        "Ref:                    main\n"
        "ContextDir:             app\n"
        "Commit:                 0123456 (hello)\n"
        "Author/Committer:       Jane / Joe\n"
        "From Image:             ImageStreamTag shared/base:1\n"
        "No Cache:               true\n"
        "Volumes:                <none>\n"
        "Output to:              ImageStreamTag web:latest\n"
        "Build Secrets:          key->etc\n"
        "Image Source:           copies /a from tools to b\n"
        'Post Commit Hook:       ["/bin/sh", "-ic", "make test"]\n'
        "Fail Build After:       1m30s\n"
        "\n"
        "Build trigger cause:    Image change\n"
        "Image ID:               base@1\n"
        "Image Name/Kind:        base:1 / ImageStreamTag\n"
        "\n"
        "Log Tail:       one\n"
        "                two\n"
        "Events:         <none>\n"
    )


def test_a_build_config_is_described_without_the_secrets_of_its_webhooks() -> None:
    config = {
        "metadata": {"name": "web", "namespace": "here"},
        "spec": {
            **SPEC,
            "runPolicy": "Serial",
            "triggers": [
                {"type": "ConfigChange"},
                {"type": "ImageChange", "imageChange": {}},
                {"type": "ImageChange", "imageChange": {"from": {"kind": "ImageStreamTag", "name": "a:b"}}},
                {"type": "GitHub", "github": {"secret": "hush"}},
                {"type": "Generic", "generic": {"secret": "hush", "allowEnv": True}},
            ],
            "successfulBuildsHistoryLimit": 5,
        },
        "status": {"lastVersion": 1},
    }

    text = shown(describe_build_config(config, [BUILD], "https://host/webhooks", None, NOW))

    assert text.endswith(
        "Build Run Policy:       Serial\n"
        "Triggered by:           Config, ImageChange, Image(ImageStreamTag a:b)\n"
        "Webhook GitHub:\n"
        "        URL:    https://host/webhooks/<secret>/github\n"
        "Webhook Generic:\n"
        "        URL:            https://host/webhooks/<secret>/generic\n"
        "        AllowEnv:       true\n"
        "Builds History Limit:\n"
        "        Successful:     5\n"
        "\n"
        "Build   Status  Duration        Creation Time\n"
        "web-1   failed  1m30s           2026-11-25 03:00:00 +0000 UTC\n"
    )
    assert "Latest Version: 1\n" in text
    assert "hush" not in text


def test_a_config_that_was_never_built_says_so() -> None:
    text = shown(describe_build_config({"metadata": {"name": "web"}, "spec": {}, "status": {}}, [], "", None, NOW))

    assert "Latest Version: Never built\n" in text
    assert "Empty Source:   no input source provided\n" in text
    assert "Triggered by:           <none>\n" in text


@pytest.mark.parametrize(
    ("strategy", "lines"),
    [
        (
            {"sourceStrategy": {"from": {"kind": "ImageStreamTag", "name": "b:1"}, "incremental": True}},
            ["Strategy: Source", "From Image: ImageStreamTag b:1", "Incremental Build: yes"],
        ),
        (
            {"customStrategy": {"from": {"kind": "DockerImage", "name": "b"}, "env": [{"name": "A", "value": "1"}]}},
            ["Strategy: Custom", "Image Reference: DockerImage b", "Environment: A=1"],
        ),
        ({"jenkinsPipelineStrategy": {}}, ["Strategy: JenkinsPipeline", "Jenkinsfile: from source repository root"]),
        (
            {
                "dockerStrategy": {
                    "volumes": [
                        {
                            "name": "v",
                            "source": {"type": "Secret", "secret": {"secretName": "s"}},
                            "mounts": [{"destinationPath": "/m"}],
                        }
                    ]
                }
            },
            ["Strategy: Docker", "v Secret s /m"],
        ),
    ],
)
def test_strategies_are_described(strategy: dict[str, Any], lines: list[str]) -> None:
    text = describe_build({"metadata": {}, "spec": {"strategy": strategy}, "status": {}}, None, NOW)

    found = [" ".join(line.split()) for line in text.splitlines()]
    assert [line for line in lines if line not in found] == []


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({"phase": "New"}, "waiting for 1h0m0s"),
        ({"phase": "Running", "startTimestamp": "2026-11-25T03:59:00Z"}, "running for 1m0s"),
        ({"phase": "Cancelled"}, "<none>"),
        ({"phase": "Cancelled", "completionTimestamp": "2026-11-25T03:00:05Z"}, "waited for 5s"),
    ],
)
def test_how_long_a_build_takes(status: dict[str, str], told: str) -> None:
    build = {"metadata": {"creationTimestamp": "2026-11-25T03:00:00Z"}, "status": status}

    assert build_duration(build, NOW) == told


def rollout(version: int, phase: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": f"web-{version}",
            "creationTimestamp": f"2026-11-25T0{version}:00:00Z",
            "labels": {"app": "web"},
            "annotations": {
                "openshift.io/deployment-config.latest-version": str(version),
                "openshift.io/deployment.phase": phase,
            },
        },
        "spec": {"replicas": 2 if phase == "Complete" else 0, "selector": {"deployment": f"web-{version}"}},
        "status": {"replicas": 1},
    }


def test_a_deployment_config_is_described_with_its_rollouts() -> None:
    hook = {"failurePolicy": "Abort", "execNewPod": {"containerName": "web", "command": ["migrate", "--all"]}}
    config = {
        "metadata": {"name": "web", "namespace": "here"},
        "spec": {
            "replicas": 2,
            "selector": {"app": "web"},
            "triggers": [
                {"type": "ConfigChange"},
                {"type": "ImageChange", "imageChangeParams": {"automatic": True, "from": {"name": "web:1"}}},
            ],
            "strategy": {"type": "Rolling", "rollingParams": {"pre": hook}},
            "template": {"spec": {"containers": []}},
        },
        "status": {"latestVersion": 3},
    }
    rollouts = [rollout(1, "Complete"), rollout(2, "Complete"), rollout(3, "Failed")]

    text = shown(describe_deployment_config(config, rollouts, {"web-2": PodCounts(running=1)}, None, NOW))

    assert (
        "Latest Version: 3\n"
        "Selector:       app=web\n"
        "Replicas:       2\n"
        "Triggers:       Config, Image(web@1, auto=true)\n"
        "Strategy:       Rolling\n"
        "  Pre-deployment hook (pod type, failure policy: Abort):\n"
        "    Container:  web\n"
        "    Command:    migrate --all\n"
        "Template:\n"
    ) in text
    assert text.endswith(
        "Deployment #3 (latest):\n"
        "        Created:        about an hour ago\n"
        "        Status:         Failed\n"
        "        Replicas:       1 current / 0 desired\n"
        "Deployment #2:\n"
        "        Name:           web-2\n"
        "        Created:        2 hours ago\n"
        "        Status:         Complete\n"
        "        Replicas:       1 current / 2 desired\n"
        "        Selector:       deployment=web-2\n"
        "        Labels:         app=web\n"
        "        Pods Status:    1 Running / 0 Waiting / 0 Succeeded / 0 Failed\n"
        "Deployment #1:\n"
        "        Created:        3 hours ago\n"
        "        Status:         Complete\n"
        "        Replicas:       1 current / 2 desired\n"
    )


def test_a_deployment_config_without_a_rollout_says_so() -> None:
    text = shown(describe_deployment_config({"metadata": {"name": "web"}, "spec": {}}, [], {}, None, NOW))

    assert "Latest Version: Not deployed\n" in text
    assert "Triggers:       <none>\n" in text
    assert text.endswith("Latest Deployment:      <none>\n")


def test_of_many_events_of_a_deployment_config_the_last_ones_are_shown() -> None:
    names = "cijbfgadhe"  # events come in the order of their names, which are chosen by chance
    events = [
        {"reason": name, "lastTimestamp": f"2026-01-01T00:00:{second:02}Z"}
        for name, second in sorted((name, second) for second, name in enumerate(names))
    ]

    text = shown(describe_deployment_config({"metadata": {"name": "web"}, "spec": {}}, [], {}, events, NOW))

    told = [line.split()[0] for line in text.split("----\n")[-1].splitlines()]
    assert "".join(told) == names[2:]
