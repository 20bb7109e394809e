"""Repository files to a plan. Pure: bytes in, frozen values out."""
