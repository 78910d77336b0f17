"""ipse: a self-sovereign AI identity wallet for the terminal."""

__version__ = "0.1.0.dev0"
