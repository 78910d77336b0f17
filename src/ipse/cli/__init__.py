"""The command line: parses, prompts, renders. The only place that prints or picks an exit code."""
