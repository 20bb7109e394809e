"""Report files to values. Pure: bytes in, frozen values out."""
