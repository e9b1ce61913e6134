"""Reads the notifications of each sender: from headers and body to pushes, pure."""

from collections.abc import Mapping
from typing import Final

from imagestreams.hooks.notification import Reader
from imagestreams.hooks.senders import cloudevents, distribution, docker_hub, github, harbor, quay

READERS: Final[Mapping[str, Reader]] = {
    "CloudEvents": cloudevents.read,
    "Distribution": distribution.read,
    "DockerHub": docker_hub.read,
    "GitHub": github.read,
    "Harbor": harbor.read,
    "Quay": quay.read,
}
"""By the names that hooks give the senders."""
