"""What the server counts for Prometheus, one module for each subject; nothing is worked out before it is asked for."""
