"""One package a way of securing credentials."""
