"""Paired benchmarks: Fairlead beside the bare command or a peer, in one run, as ratios.

``python -m bench [NAME]...`` runs all or the named ones and prints one table.
"""
