"""Wheels that were built here, made the same again and again (the zip format knows no order)."""

import os
import zipfile
from pathlib import Path

_TIME = (1980, 1, 1, 0, 0, 0)
_FILE, _PROGRAM = 0o100644, 0o100755
_ANY_EXECUTE = 0o111 << 16


def rewrite_wheel(path: Path) -> None:
    """Write a wheel anew with its files sorted and without their times and odd modes.

    ``RECORD`` lists contents, which stay as they are; it stays last, as PEP 427 recommends.
    """
    aside = path.with_name(f".{path.name}")
    with (
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        files = [info for info in old.infolist() if not info.is_dir()]
        for info in sorted(files, key=_order):
            fixed = zipfile.ZipInfo(info.filename, _TIME)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            fixed.create_system = 3  # Unix, whatever wrote it
            mode = _PROGRAM if info.external_attr & _ANY_EXECUTE else _FILE
            fixed.external_attr = mode << 16
            new.writestr(fixed, old.read(info))
    os.replace(aside, path)


def _order(info: zipfile.ZipInfo) -> tuple[bool, str]:
    return ".dist-info/" in info.filename, info.filename
