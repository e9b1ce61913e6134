"""What a pod template must look like to be stored; each broken rule is a `FieldError`.

Pure, in the order and with the texts of Kubernetes. Templates are validated after their defaults are filled in. Rules
that a cluster alone can judge (are there such nodes, may the user be root) belong to it; what users stumble over
while they write a template is all here.
"""

import ipaddress
from collections.abc import Collection
from typing import Final

from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import (
    dns_label_problems,
    dns_subdomain_problems,
    qualified_name_problems,
    validate_annotations,
    validate_labels,
)
from imagestreams.api.pods.container_validation import PodContext, validate_containers, validate_init_containers
from imagestreams.api.pods.containers import ResourceRequirements
from imagestreams.api.pods.pod import PodDNSConfig, PodResourceClaim, PodSpec, PodTemplateSpec
from imagestreams.api.pods.resource_validation import validate_resources
from imagestreams.api.pods.scheduling_validation import (
    validate_affinity,
    validate_gates,
    validate_spread,
    validate_tolerations,
)
from imagestreams.api.pods.security_validation import validate_pod_security
from imagestreams.api.pods.value_rules import between, told, validate_choice, validate_name
from imagestreams.api.pods.volume_validation import validate_volumes

_ALWAYS: Final = "Always"
RESTART_POLICIES: Final = (_ALWAYS, "OnFailure", "Never")
_DNS_POLICIES: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_MAX_INT32: Final = 2**31 - 1
_MAX_NAMESERVERS: Final = 3
_MAX_SEARCHES: Final = 32
_MAX_SEARCH_CHARACTERS: Final = 2048


def validate_pod_template(
    template: PodTemplateSpec, path: str, *, restart_policies: Collection[str] = RESTART_POLICIES
) -> list[FieldError]:
    """Check a template; `restart_policies` are those that its kind of workload knows, in the order they are told."""
    errors = validate_labels(template.metadata.labels or {}, f"{path}.labels")
    errors += validate_annotations(template.metadata.annotations or {}, f"{path}.annotations")
    errors += validate_pod_spec(template.spec, f"{path}.spec")
    if template.spec.ephemeral_containers:
        detail = "ephemeral containers not allowed in pod template"
        errors.append(FieldError.forbidden(f"{path}.spec.ephemeralContainers", detail))
    policy = template.spec.restart_policy
    if policy not in restart_policies:
        known = list(restart_policies)
        at = f"{path}.spec.restartPolicy"
        if policy == _ALWAYS:  # which is what stands there when nothing was said
            shown = ", ".join(f'"{each}"' for each in known)
            errors.append(FieldError.required(at, f"valid values: {shown}"))
        else:
            errors.append(FieldError.not_supported(at, policy, known))
    return errors


def validate_pod_spec(spec: PodSpec, path: str) -> list[FieldError]:
    """Check the description of a pod."""
    grace = spec.termination_grace_period_seconds
    errors = [] if grace is not None else [FieldError.required(f"{path}.terminationGracePeriodSeconds")]
    volumes, wrong = validate_volumes(spec.volumes or [], f"{path}.volumes")
    claims = {claim.name for claim in spec.resource_claims or [] if claim.name}
    pod = PodContext(volumes, claims, grace, spec.restart_policy, spec.host_users is not False)
    containers = spec.containers or []
    errors += wrong
    errors += _validate_claims(spec.resource_claims or [], f"{path}.resourceClaims")
    errors += validate_containers(containers, pod, f"{path}.containers")
    errors += validate_init_containers(spec.init_containers or [], containers, pod, f"{path}.initContainers")
    errors += _validate_host_network(spec, f"{path}.containers")
    errors += validate_choice(spec.restart_policy, f"{path}.restartPolicy", RESTART_POLICIES)
    errors += validate_choice(spec.dns_policy, f"{path}.dnsPolicy", _DNS_POLICIES)
    errors += validate_labels(spec.node_selector or {}, f"{path}.nodeSelector")
    errors += validate_pod_security(spec, path)
    errors += validate_affinity(spec.affinity, f"{path}.affinity")
    errors += _validate_dns(spec.dns_config, spec.dns_policy, f"{path}.dnsConfig")
    for number, gate in enumerate(spec.readiness_gates or []):
        problems = qualified_name_problems(gate.condition_type)
        errors += told(f"{path}.readinessGates[{number}].conditionType", gate.condition_type, problems)
    errors += validate_gates(spec.scheduling_gates or [], f"{path}.schedulingGates")
    errors += validate_spread(spec.topology_spread_constraints or [], f"{path}.topologySpreadConstraints")
    errors += _validate_names(spec, path)
    errors += validate_tolerations(spec.tolerations or [], f"{path}.tolerations")
    for number, alias in enumerate(spec.host_aliases or []):
        errors += _validate_ip(alias.ip, f"{path}.hostAliases[{number}].ip")
        for index, name in enumerate(alias.hostnames or []):
            at = f"{path}.hostAliases[{number}].hostnames[{index}]"
            errors += told(at, name, dns_subdomain_problems(name))
    if spec.preemption_policy is not None:
        known = ("PreemptLowerPriority", "Never")
        errors += validate_choice(spec.preemption_policy, f"{path}.preemptionPolicy", known)
    if spec.overhead is not None:
        overhead = ResourceRequirements(limits=spec.overhead)
        errors += validate_resources(overhead, (), f"{path}.overhead")
    if spec.os is not None:
        errors += validate_choice(spec.os.name, f"{path}.os.name", ("linux", "windows"))
    return errors


def _validate_names(spec: PodSpec, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for field, name in (("serviceAccountName", spec.service_account_name), ("nodeName", spec.node_name)):
        errors += told(f"{path}.{field}", name, dns_subdomain_problems(name) if name else [])
    deadline = spec.active_deadline_seconds
    if deadline is not None and not 1 <= deadline <= _MAX_INT32:
        errors.append(FieldError.invalid(f"{path}.activeDeadlineSeconds", deadline, between(1, _MAX_INT32)))
    for field, name in (("hostname", spec.hostname), ("subdomain", spec.subdomain)):
        errors += told(f"{path}.{field}", name, dns_label_problems(name) if name else [])
    priority, runtime = spec.priority_class_name, spec.runtime_class_name
    errors += told(f"{path}.priorityClassName", priority, dns_subdomain_problems(priority) if priority else [])
    if runtime is not None:
        errors += told(f"{path}.runtimeClassName", runtime, dns_subdomain_problems(runtime))
    return errors


def _validate_claims(claims: Collection[PodResourceClaim], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    names: set[str] = set()
    for number, claim in enumerate(claims):
        at = f"{path}[{number}]"
        if claim.name in names:
            errors.append(FieldError.duplicate(f"{at}.name", claim.name))
        else:
            errors += validate_name(claim.name, f"{at}.name", dns_label_problems)
        names.add(claim.name)
        for field, name in (
            ("resourceClaimName", claim.resource_claim_name),
            ("resourceClaimTemplateName", claim.resource_claim_template_name),
        ):
            if name is not None:
                errors += told(f"{at}.{field}", name, dns_subdomain_problems(name))
        if claim.resource_claim_name is None and claim.resource_claim_template_name is None:
            detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            errors.append(FieldError.invalid(at, claim, detail))
        elif claim.resource_claim_name is not None and claim.resource_claim_template_name is not None:
            detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            errors.append(FieldError.invalid(at, claim, detail))
    return errors


def _validate_host_network(spec: PodSpec, path: str) -> list[FieldError]:
    detail = "must match `containerPort` when `hostNetwork` is true"
    return [
        FieldError.invalid(f"{path}[{number}].ports[{index}].hostPort", port.host_port, detail)
        for number, container in enumerate(spec.containers or [])
        for index, port in enumerate(container.ports or [])
        if spec.host_network and port.host_port not in (0, port.container_port)
    ]


def _validate_dns(config: PodDNSConfig | None, policy: str, path: str) -> list[FieldError]:
    if policy == "None":
        if config is None:
            return [FieldError.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
        if not config.nameservers:
            detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            return [FieldError.required(f"{path}.nameservers", detail)]
    if config is None:
        return []
    errors: list[FieldError] = []
    servers, searches = config.nameservers or [], config.searches or []
    if len(servers) > _MAX_NAMESERVERS:
        detail = f"must not have more than {_MAX_NAMESERVERS} nameservers"
        errors.append(FieldError.invalid(f"{path}.nameservers", servers, detail))
    for number, server in enumerate(servers):
        errors += _validate_ip(server, f"{path}.nameservers[{number}]")
    if len(searches) > _MAX_SEARCHES:
        detail = f"must not have more than {_MAX_SEARCHES} search paths"
        errors.append(FieldError.invalid(f"{path}.searches", searches, detail))
    if len(" ".join(searches)) > _MAX_SEARCH_CHARACTERS:
        detail = f"must not have more than {_MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list"
        errors.append(FieldError.invalid(f"{path}.searches", searches, detail))
    for number, search in enumerate(searches):
        name = search.removesuffix(".")
        errors += told(f"{path}.searches[{number}]", name, dns_subdomain_problems(name))
    for number, option in enumerate(config.options or []):
        if not option.name:
            errors.append(FieldError.required(f"{path}.options[{number}]", "must not be empty"))
    return errors


def _validate_ip(text: str, path: str) -> list[FieldError]:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        return [FieldError.invalid(path, text, detail)]
    return []
