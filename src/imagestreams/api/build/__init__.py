"""OpenShift's `build.openshift.io/v1`: types, defaults, rules."""
