"""Plans from ``.travis.yml``, with the semantics of Travis CI."""
