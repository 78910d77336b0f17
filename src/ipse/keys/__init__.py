"""Keys: types, Multikey and JWK, signing, and the keystores that hold them."""
