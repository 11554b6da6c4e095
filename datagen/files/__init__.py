"""The disk: files that appear whole or not at all, locks, hashes, archives, images as bytes."""
