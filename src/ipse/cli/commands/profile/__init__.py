"""`ipse profile`: what the owner likes."""
