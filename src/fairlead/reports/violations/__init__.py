"""Readers of linters' output, one module a tool."""
