"""What is said of other people's registries: mirrors and rules (`config.openshift.io`), and hooks that they call."""
