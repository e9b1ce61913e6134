"""Loops of OpenShift's configs: what makes builds and deployments of them, and clears up."""
