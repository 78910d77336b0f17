"""`ipse dapp`: applications ask, the owner decides, applications verify."""
