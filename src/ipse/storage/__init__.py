"""Data at rest: where it lies, atomic files, the manifest, the encrypted vault and what is in it."""
