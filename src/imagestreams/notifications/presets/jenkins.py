"""Jenkins, in the two ways that it can be told: the Generic Webhook Trigger plugin, and a job's `buildWithParameters`.

The plugin (`…/generic-webhook-trigger/invoke`) gets the event as JSON and the secret as the trigger's token in the
header `token`. A job gets parameters; a secret `USER:APITOKEN` logs in, another one is the token of "trigger builds
remotely".
"""

import base64
from urllib.parse import urlencode

from imagestreams.api.codec import encode
from imagestreams.notifications.cloudevents import CloudEvent
from imagestreams.notifications.presets.request import Occasion, OutgoingRequest
from imagestreams.notifications.signature import signature_headers

_PARAMETERS = {
    "IMAGESTREAMS_NAMESPACE": "namespace",
    "IMAGESTREAMS_STREAM": "imageStream",
    "IMAGESTREAMS_TAG": "tag",
    "IMAGESTREAMS_IMAGE": "image",
    "IMAGESTREAMS_PULL_SPEC": "pullSpec",
}


def jenkins(event: CloudEvent, occasion: Occasion) -> OutgoingRequest:
    """Send the event in the way that the address asks for."""
    secret = occasion.secret.decode("latin-1")
    login = {"Authorization": f"Basic {base64.b64encode(occasion.secret).decode()}"} if ":" in secret else {}
    if occasion.path.rstrip("/").endswith("/buildWithParameters"):
        fields = {"IMAGESTREAMS_EVENT": event.type, "IMAGESTREAMS_SUBJECT": event.subject, "IMAGESTREAMS_ID": event.id}
        fields |= {name: str(event.data.get(key, "")) for name, key in _PARAMETERS.items()}
        if secret and not login:
            fields["token"] = secret
        return OutgoingRequest("application/x-www-form-urlencoded", urlencode(fields).encode(), login)
    body = encode(event)
    token = {"token": secret} if secret and not login else {}
    headers = {**signature_headers(event.id, occasion.now_s, body, b""), **login, **token}
    return OutgoingRequest("application/json", body, headers)
