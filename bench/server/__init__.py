"""The server beside Buildbot, on one machine and in one run: ``make bench-server``."""
