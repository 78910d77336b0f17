"""The commands, one module each or a package for a family."""
