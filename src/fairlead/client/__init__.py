"""What speaks to a server: HTTP, live streams, and what a person calls a build.

Only the command line uses it, and only the commands that need a server; it knows nothing of
Django. httpx is imported when a connection is made.
"""
