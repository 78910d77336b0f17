"""Coverage-guided fuzzing of every parser of outside data: `make fuzz`, or `python -m tests.fuzz --help`.

    targets/      one function per parser: bytes in, nothing out; only IpseError may be raised
    material      good documents, which every run starts from
    mutation      changes to JSON, tokens, CBOR and text that keep them readable
    signing       new signatures for what was changed, so that the checks behind them are reached
    running       one target under atheris, in a process of its own
    seeds/        inputs that once failed, run by `test_seeds`

What a run finds is left in findings/.
"""
