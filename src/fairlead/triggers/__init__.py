"""Outside events as Triggers: pure, bytes and headers in, values out."""
