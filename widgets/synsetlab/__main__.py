"""``python -m synsetlab``: the command line."""

import sys

from synsetlab.cli import main

sys.exit(main())
