"""Benchmarks of the private summary: populations, the mechanism, its reach, its leak and its linking."""

import sys
from pathlib import Path

# benchmarks/ is no package, and attack.py imports adversaries.py from beside it.
sys.path.append(str(Path(__file__).parent.parent))
