"""`ipse vc`: verifiable credentials, issued, verified, kept, presented and revoked."""
