"""The API for programs: one router a noun."""
