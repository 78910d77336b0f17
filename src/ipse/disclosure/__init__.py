"""Answering questions about preferences, as values: no disk, no clock, no network.

levels      what an application may be told, one module a level
questions   what an application asks, in the `transaction_data` of an OpenID4VP request
offers      what an offer is made of: the profile as arrays, what is asked about, what could leave
budgets     how much answers may tell in all; grants: what may be asked without the owner
warnings    what is odd about a question; reasons: why an answer says nothing
proposals   what the owner decides on, and the decision
answers     the SD-JWT VC that answers a question; saying nothing looks like any other answer
terms       what an application offers for an answer, as an ODRL policy and in words
receipts    what was agreed about an answer, for both sides to sign; signatures: of those
withdrawals the owner takes an answer back, and the application's reply to that
"""
