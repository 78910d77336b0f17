"""The wallet as programs use it: `ipse.Wallet`, and what it gives in four parts.

Each part joins the use cases of `ipse.wallet` to one wallet, and fills in the present where no time is given.
"""
