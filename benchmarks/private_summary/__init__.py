"""Benchmarks of the private summary: populations, the mechanism, its reach, its leak and its linking."""

import sys
from pathlib import Path

# attack.py is a script and imports adversaries.py, which lies beside it.
sys.path.append(str(Path(__file__).parent.parent))
