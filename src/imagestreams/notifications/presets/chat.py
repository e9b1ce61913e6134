"""Messages for people: the incoming webhooks of Slack and of Mattermost.

Names and texts come from others, so nothing of them is taken for markup: what they hold stands in code spans, where
neither formatting nor mentions count.
"""

from imagestreams.api.codec import encode
from imagestreams.notifications.cloudevents import CloudEvent
from imagestreams.notifications.presets.request import Occasion, OutgoingRequest

_SHORT_DIGEST = 19


def slack(event: CloudEvent, occasion: Occasion) -> OutgoingRequest:
    """Send one line of Slack's own markup."""
    text = _sentence(event)
    for mark, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(mark, entity)
    return OutgoingRequest("application/json", encode({"text": text}))


def mattermost(event: CloudEvent, occasion: Occasion) -> OutgoingRequest:
    """Send one line of Markdown."""
    return OutgoingRequest("application/json", encode({"text": _sentence(event)}))


def _sentence(event: CloudEvent) -> str:
    data, subject = event.data, _code(event.subject)
    match event.type.removeprefix("dev.imagestreams."):
        case "tag.changed":
            before = f" (before: {_code(_short(data['previousImage']))})" if data.get("previousImage") else ""
            now = _short(data.get("image", "")) or data.get("dockerImageReference", "")
            return f"Tag {subject} now points to {_code(now)}{before}: {_code(data.get('pullSpec', ''))}"
        case "tag.deleted":
            return f"Tag {subject} was deleted"
        case "import.failed":
            return f"Import of tag {subject} failed: {_code(_because(event))}"
        case "build.completed":
            image = f": {_code(_short(data['image']))}" if data.get("image") else ""
            return f"Build {subject} is complete{image}"
        case "build.failed":
            return f"Build {subject} failed: {_code(_because(event))}"
        case "rollout.completed":
            return f"{_code(data.get('kind', ''))} {subject} is rolled out"
        case "rollout.failed":
            return f"Rollout of {_code(data.get('kind', ''))} {subject} failed: {_code(_because(event))}"
    return f"This is a test of notifications by {subject}"


def _because(event: CloudEvent) -> str:
    reason, message = event.data.get("reason", ""), event.data.get("message", "")
    return f"{reason}: {message}" if reason and message else reason or message or "for an unknown reason"


def _short(digest: str) -> str:
    return digest[:_SHORT_DIGEST]


def _code(text: object) -> str:
    plain = " ".join(str(text).replace("`", "'").split())
    return f"`{plain or '-'}`"
