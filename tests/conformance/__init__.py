"""One test for each module of the OpenID conformance suite's HAIP plans for OpenID4VP 1.0.

A module's name there is the name of a class here. Each changes one thing in a run that passes.
"""
