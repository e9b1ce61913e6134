"""OpenShift's `apps.openshift.io/v1`: types, defaults, rules."""
