"""What this machine remembers: settings, caches, and secrets in the keyring."""
