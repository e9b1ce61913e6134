"""What a build config, a build or a request for one must look like; each broken rule is a `FieldError`.

Pure. Rules, order and texts are those of `openshift-apiserver` (build validation). What the spec that both have in
common must look like stands in `spec_validation`.
"""

from typing import Any, Final

from imagestreams.api.build.defaulting import IMAGE_CHANGE, IMAGE_STREAM_TAG, input_reference
from imagestreams.api.build.reference_validation import validate_image_reference
from imagestreams.api.build.spec_validation import validate_common_spec
from imagestreams.api.build.types import (
    Build,
    BuildConfig,
    BuildConfigSpec,
    BuildTriggerPolicy,
    WebHookTrigger,
)
from imagestreams.api.codec import encode, to_dict
from imagestreams.api.core import ObjectReference
from imagestreams.api.errors import FieldError

FINAL_PHASES: Final = frozenset({"Complete", "Failed", "Error", "Cancelled"})
_RUN_POLICIES: Final = ("Parallel", "Serial", "SerialLatestOnly")
_WEBHOOKS: Final = {"GitHub": "github", "GitLab": "gitlab", "Bitbucket": "bitbucket", "Generic": "generic"}


def is_over(phase: str) -> bool:
    """Return whether a build in a phase has come to its end."""
    return phase in FINAL_PHASES


def validate_build(value: Build) -> list[FieldError]:
    """Check a new build."""
    return validate_common_spec(value.spec, "spec")


def validate_build_update(value: Build, old: Build) -> list[FieldError]:
    """Check a build's new state: it does not come back from its end, and only its push secret may change."""
    errors: list[FieldError] = []
    if is_over(old.status.phase) and old.status.phase != value.status.phase:
        detail = "phase cannot be updated from a terminal state"
        errors.append(FieldError.invalid("status.phase", value.status.phase, detail))
    before, after = to_dict(old.spec), to_dict(value.spec)
    before["output"].pop("pushSecret", None)
    secret = after["output"].pop("pushSecret", None)
    if _without_empty(before) != _without_empty(after):
        if secret is not None:
            before["output"]["pushSecret"] = after["output"]["pushSecret"] = secret
        shown = encode({"spec": _difference(before, after)}).decode()
        what = "content of spec is not printed out, please refer to the details"
        errors.append(FieldError.invalid("spec", what, f"spec is immutable, diff: {shown}"))
    return errors


def _without_empty(value: Any) -> Any:
    """Return a document in which an empty list or map is as good as none."""
    if isinstance(value, dict):
        plain = {key: _without_empty(element) for key, element in value.items()}
        return {key: element for key, element in plain.items() if element not in (None, {}, [])}
    return [_without_empty(element) for element in value] if isinstance(value, list) else value


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the merge patch that leads from one document to another."""
    changed: dict[str, Any] = {}
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        both = isinstance(old, dict) and isinstance(new, dict)
        changed[key] = _difference(old, new) if both and old is not None and new is not None else new
    return changed


def validate_build_config(value: BuildConfig) -> list[FieldError]:
    """Check a build config."""
    spec = value.spec
    errors = _trigger_errors(spec, value.metadata.namespace)
    if spec.run_policy not in _RUN_POLICIES:
        detail = "run policy must Parallel, Serial, or SerialLatestOnly"
        errors.append(FieldError.invalid("spec.runPolicy", spec.run_policy, detail))
    for field, limit in (
        ("successfulBuildsHistoryLimit", spec.successful_builds_history_limit),
        ("failedBuildsHistoryLimit", spec.failed_builds_history_limit),
    ):
        if limit is not None and limit < 0:
            errors.append(FieldError.invalid(f"spec.{field}", limit, "must be greater than or equal to 0"))
    return errors + validate_common_spec(spec, "spec")


def _trigger_errors(spec: BuildConfigSpec, namespace: str) -> list[FieldError]:
    errors: list[FieldError] = []
    source = input_reference(spec.strategy)
    followed: set[str] = set()
    for number, trigger in enumerate(spec.triggers or []):
        errors += _validate_trigger(trigger, source, f"spec.triggers[{number}]")
        if trigger.type != IMAGE_CHANGE or trigger.image_change is None:
            continue
        key = _tag_key(namespace, trigger.image_change.from_ or source)
        if key in followed:
            detail = "multiple ImageChange triggers refer to the same image stream tag"
            shown = [to_dict(each) for each in spec.triggers or []]
            errors.append(FieldError.invalid("spec.triggers", shown, detail))
        followed.add(key)
    return errors


def _tag_key(namespace: str, reference: ObjectReference | None) -> str:
    if reference is None or reference.kind != IMAGE_STREAM_TAG:
        return ""
    return f"{reference.namespace or namespace}/{reference.name}"


def _validate_trigger(trigger: BuildTriggerPolicy, source: ObjectReference | None, path: str) -> list[FieldError]:
    if not trigger.type:
        return [FieldError.required(f"{path}.type")]
    if name := _WEBHOOKS.get(trigger.type):
        hook: WebHookTrigger | None = getattr(trigger, name)
        if hook is None:
            return [FieldError.required(f"{path}.{name}")]
        return _validate_webhook(hook, f"{path}.{name}", generic=name == "generic")
    if trigger.type == "ConfigChange":
        return []
    if trigger.type != IMAGE_CHANGE:
        return [FieldError.invalid(f"{path}.type", trigger.type, "invalid trigger type")]
    if trigger.image_change is None:
        return [FieldError.required(f"{path}.imageChange")]
    wanted = trigger.image_change.from_
    if wanted is None:
        if source is not None and source.kind == IMAGE_STREAM_TAG:
            return []
        detail = (
            "a default ImageChange trigger can only be used when the build strategy includes an ImageStreamTag "
            "reference."
        )
        shown = "<nil>" if source is None else f"{source.kind}/{source.name}"
        return [FieldError.invalid(f"{path}.imageChange", f"build from: {shown}", detail)]
    if wanted.kind != IMAGE_STREAM_TAG:
        detail = "only an ImageStreamTag type of reference is allowed in an ImageChange trigger."
        return [FieldError.invalid(f"{path}.imageChange.from.kind", wanted.kind, detail)]
    return validate_image_reference(wanted, f"{path}.from")


def _validate_webhook(hook: WebHookTrigger, path: str, *, generic: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    # What is refused is not repeated: it may hold a secret.
    if not hook.secret and hook.secret_reference is None:
        detail = "must provide a value for at least one of secret or secretReference"
        errors.append(FieldError.invalid(path, to_dict(hook), detail))
    if hook.secret_reference is not None and not hook.secret_reference.name:
        errors.append(FieldError.required(f"{path}.secretReference.name"))
    if hook.allow_env and not generic:
        errors.append(FieldError.invalid(f"{path}.allowEnv", True, "git webhooks cannot allow env vars"))
    return errors
