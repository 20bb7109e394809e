"""The annotated ``fairlead.yml``: every key with a comment, tested and shown in the docs."""
