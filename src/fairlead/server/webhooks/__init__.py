"""``/hooks/<forge>/<project>``: where forges send their webhooks."""
