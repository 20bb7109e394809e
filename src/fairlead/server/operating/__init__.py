"""What whoever runs an installation needs: health, figures, backups, roles, sweeping."""
