"""Clients: where accounts come from. One module a kind, one line each in ``KINDS``."""

from __future__ import annotations

from bank.client.base import BankClient, ClientError, NoSuchAccount
from bank.client.yaml_client import YamlClient

KINDS = {"yaml": YamlClient.from_settings}

__all__ = ["KINDS", "BankClient", "ClientError", "NoSuchAccount", "YamlClient"]
