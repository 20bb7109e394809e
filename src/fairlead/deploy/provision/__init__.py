"""Hosts brought to the state they should be in: looked at, compared, changed."""
