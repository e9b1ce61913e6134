"""What commands need to know of workloads: which ones are meant, how far an update is, and what was there before."""
