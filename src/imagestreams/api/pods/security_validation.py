"""What pods and containers may ask for in matters of security; rules and texts are those of Kubernetes."""

import re
from typing import Any, Final

from imagestreams.api.codec import to_dict
from imagestreams.api.errors import FieldError
from imagestreams.api.pods.pod import PodSpec
from imagestreams.api.pods.security import AppArmorProfile, PodSecurityContext, SeccompProfile, SecurityContext
from imagestreams.api.pods.value_rules import descending_path_problems, id_problems, told

_PROFILES: Final = ("Localhost", "RuntimeDefault", "Unconfined")
_SYSCTL_MAX: Final = 253
_SYSCTL_SEGMENT: Final = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL_FORMAT: Final = rf"({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}"
_SYSCTL = re.compile(_SYSCTL_FORMAT)
_HOST_PATH_MAX: Final = 4095


def validate_pod_security(spec: PodSpec, path: str) -> list[FieldError]:
    """Check what holds for all containers of a pod; `path` is that of the pod's description."""
    context = spec.security_context
    if context is None:
        return []
    at = f"{path}.securityContext"
    errors = _validate_ids(context, at)
    for number, group in enumerate(context.supplemental_groups or []):
        errors += told(f"{at}.supplementalGroups[{number}]", group, id_problems(group))
    if spec.share_process_namespace and spec.host_pid:
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.append(FieldError.invalid(f"{at}.shareProcessNamespace", True, detail))
    errors += _validate_sysctls(context, f"{at}.sysctls")
    if context.fs_group_change_policy not in (None, "Always", "OnRootMismatch"):
        known = ["Always", "OnRootMismatch"]
        errors.append(FieldError.not_supported(f"{at}.fsGroupChangePolicy", context.fs_group_change_policy, known))
    errors += _validate_seccomp(context.seccomp_profile, f"{at}.seccompProfile")
    errors += _validate_app_armor(context.app_armor_profile, f"{at}.appArmorProfile")
    if context.supplemental_groups_policy not in (None, "Merge", "Strict"):
        value, known = context.supplemental_groups_policy, ["Merge", "Strict"]
        errors.append(FieldError.not_supported(f"{at}.supplementalGroupsPolicy", value, known))
    return errors


def validate_container_security(context: SecurityContext | None, path: str, *, host_users: bool) -> list[FieldError]:
    """Check what one container may do; `host_users` says that its users are those of the host."""
    if context is None:
        return []
    errors = _validate_ids(context, path)
    if context.proc_mount is not None:
        if context.proc_mount not in ("Default", "Unmasked"):
            known = ["Default", "Unmasked"]
            errors.append(FieldError.not_supported(f"{path}.procMount", context.proc_mount, known))
        if host_users and context.proc_mount == "Unmasked":
            detail = "`hostUsers` must be false to use `Unmasked`"
            errors.append(FieldError.invalid(f"{path}.procMount", context.proc_mount, detail))
    errors += _validate_seccomp(context.seccomp_profile, f"{path}.seccompProfile")
    if context.allow_privilege_escalation is False:
        refused = "cannot set `allowPrivilegeEscalation` to false and "
        if context.privileged:
            errors.append(FieldError.invalid(path, _shown(context), f"{refused}`privileged` to true"))
        added = (context.capabilities.add if context.capabilities else None) or []
        if "CAP_SYS_ADMIN" in added:
            detail = f"{refused}`capabilities.Add` CAP_SYS_ADMIN"
            errors.append(FieldError.invalid(path, _shown(context), detail))
    return errors + _validate_app_armor(context.app_armor_profile, f"{path}.appArmorProfile")


def _shown(context: SecurityContext) -> dict[str, Any]:
    return to_dict(context)


def _validate_ids(context: PodSecurityContext | SecurityContext, path: str) -> list[FieldError]:
    group = context.fs_group if isinstance(context, PodSecurityContext) else None
    return [
        error
        for field, number in (
            ("fsGroup", group),
            ("runAsUser", context.run_as_user),
            ("runAsGroup", context.run_as_group),
        )
        if number is not None
        for error in told(f"{path}.{field}", number, id_problems(number))
    ]


def _validate_sysctls(context: PodSecurityContext, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for number, sysctl in enumerate(context.sysctls or []):
        at = f"{path}[{number}].name"
        if not sysctl.name:
            errors.append(FieldError.required(at))
        elif len(sysctl.name) > _SYSCTL_MAX or not _SYSCTL.fullmatch(sysctl.name):
            detail = f"must have at most {_SYSCTL_MAX} characters and match regex ^{_SYSCTL_FORMAT}$"
            errors.append(FieldError.invalid(at, sysctl.name, detail))
        elif sysctl.name in seen:
            errors.append(FieldError.duplicate(at, sysctl.name))
        seen.add(sysctl.name)
    return errors


def _validate_seccomp(profile: SeccompProfile | None, path: str) -> list[FieldError]:
    if profile is None:
        return []
    errors = _validate_profile_type(profile.type, path, "seccompProfile")
    file, at = profile.localhost_profile, f"{path}.localhostProfile"
    if profile.type != "Localhost":
        if file is not None:
            detail = "can only be set when seccomp type is Localhost"
            errors.append(FieldError.invalid(at, to_dict(profile), detail))
    elif file is None:
        errors.append(FieldError.required(at, "must be set when seccomp type is Localhost"))
    else:
        errors += told(at, file, descending_path_problems(file))
    return errors


def _validate_app_armor(profile: AppArmorProfile | None, path: str) -> list[FieldError]:
    if profile is None:
        return []
    errors = _validate_profile_type(profile.type, path, "appArmorProfile")
    name, at = profile.localhost_profile, f"{path}.localhostProfile"
    if profile.type != "Localhost":
        if name is not None and not errors:
            errors.append(FieldError.invalid(at, name, "can only be set when AppArmor type is Localhost"))
    elif not name:
        errors.append(FieldError.required(at, "must be set when AppArmor type is Localhost"))
    elif name.strip() != name:
        errors.append(FieldError.invalid(at, name, "must not be padded with whitespace"))
    elif len(name) > _HOST_PATH_MAX:
        errors.append(FieldError.too_long(at, _HOST_PATH_MAX))
    return errors


def _validate_profile_type(kind: str, path: str, field: str) -> list[FieldError]:
    if not kind:
        return [FieldError.required(f"{path}.type", f"type is required when {field} is set")]
    return [] if kind in _PROFILES else [FieldError.not_supported(f"{path}.type", kind, list(_PROFILES))]
