"""Logs of jobs: live as compressed chunks, finished as one indexed file; read and shown alike."""
