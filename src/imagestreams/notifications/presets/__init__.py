"""One module for each form in which events are sent: pure functions from an event to a request."""

from collections.abc import Mapping
from typing import Final

from imagestreams.notifications.presets.chat import mattermost, slack
from imagestreams.notifications.presets.github import github
from imagestreams.notifications.presets.jenkins import jenkins
from imagestreams.notifications.presets.request import Preset
from imagestreams.notifications.presets.webhooks import cloudevents, tekton

PRESETS: Final[Mapping[str, Preset]] = {
    "CloudEvents": cloudevents,
    "GitHub": github,
    "Jenkins": jenkins,
    "Mattermost": mattermost,
    "Slack": slack,
    "Tekton": tekton,
}
