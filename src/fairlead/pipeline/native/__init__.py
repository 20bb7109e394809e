"""``fairlead.yml``: one declared set of keys, from which reading, schema and docs follow."""
