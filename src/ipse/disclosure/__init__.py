"""Questions about preferences at the four levels, their answers, and the receipts for both.

questions   what an application asks, in the `transaction_data` of an OpenID4VP request
answers     the SD-JWT VC that answers it; saying nothing looks like any other answer
receipts    the terms of an answer, for both sides to sign
"""
