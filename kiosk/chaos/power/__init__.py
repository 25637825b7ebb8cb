"""Power cuts at the level of blocks: a workload on a real file system, whose disk is then cut at any moment. See ``docs/chaos.md``."""
