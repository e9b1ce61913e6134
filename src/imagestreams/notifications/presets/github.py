"""GitHub's `POST /repos/OWNER/REPO/dispatches`: starts workflows with `on: repository_dispatch: types: […]`.

The event's type is the `event_type`; `client_payload` may have ten entries at most, so the data are one of them.
"""

from imagestreams.api.codec import encode
from imagestreams.notifications.cloudevents import CloudEvent
from imagestreams.notifications.presets.request import Occasion, OutgoingRequest


def github(event: CloudEvent, occasion: Occasion) -> OutgoingRequest:
    """Send the event with the secret as a token."""
    payload = {
        "id": event.id,
        "source": event.source,
        "subject": event.subject,
        "time": event.time,
        "sequence": event.sequence,
        "data": event.data,
    }
    headers = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Authorization": f"Bearer {occasion.secret.decode('latin-1')}",
    }
    body = encode({"event_type": event.type, "client_payload": payload})
    return OutgoingRequest("application/json", body, headers)
