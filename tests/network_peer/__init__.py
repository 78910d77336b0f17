"""The other side of the network: a certificate authority and an HTTPS server that misbehaves on demand."""
