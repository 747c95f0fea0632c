"""Many notebooks at once: `Judges.judge_all(jobs)`, by processes of this machine (local.py) or a cluster (cluster.py)."""
