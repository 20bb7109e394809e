"""Logs of jobs: live as compressed chunks, finished as one indexed file; read and shown alike.

``gather`` makes chunks, ``chunks`` stores them and is the live log, ``compact`` turns them into a
file, ``finished`` is the log in that file. Any log is read by ``read``, ``search`` and ``follow``
and shown by ``render``. The database and the storage are Protocols (``chunks.Chunks``,
``storage.Storage``); ``memory`` has both for tests.
"""
