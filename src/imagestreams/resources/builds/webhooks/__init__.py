"""`buildconfigs/webhooks`: addresses whose call makes a build, with a secret in their path."""
