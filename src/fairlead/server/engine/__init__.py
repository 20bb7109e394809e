"""The queue and what takes from it: only this part of the server knows the runner."""
