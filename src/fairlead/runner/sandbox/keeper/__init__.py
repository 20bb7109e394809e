"""The keeper: a small process outside Fairlead that starts commands and leaves none behind.

It is run by ``python -I -S`` as the top-level package ``keeper``, and uses nothing but the standard
library. Fairlead itself has threads and much memory; the keeper has neither, so it can fork, join
namespaces and be the parent that the kernel hands orphans to. Its tree of processes:

    Fairlead ── keeper ─┬─ warden of box 1 ── agent ─┬─ leader of a command ── … ── the command
                        │                            └─ leader of a service ── … ── the service
                        └─ warden of box 2 …

Every link is a Unix socket, and each of them ends what is below it when its socket closes. So all
of it ends with Fairlead, by whatever signal that dies.
"""
