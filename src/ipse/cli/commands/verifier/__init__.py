"""`ipse verifier`: asks wallets, and verifies what they answer."""
