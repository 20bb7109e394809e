"""Small things each module needs: processes, files, git, time, secrets."""
