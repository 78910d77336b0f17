"""A small HTTP/1.1 server for strangers: every size, time and number is bounded, and nothing is guessed.

    messages    requests, responses, and the refusal that becomes one
    routing     exact paths to functions
    rates       token buckets: how often anybody, and all together, may ask
    reading     one request from a connection, within its bounds
    sockets     where to listen, and the certificate for TLS
    server      accepting within bounds, one deadline for each request, a clean stop
    running     one server in the main thread, until a signal or a time limit

A connection carries one request and is closed then, so that no second request can hide behind the first.
"""
