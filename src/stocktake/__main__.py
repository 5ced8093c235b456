"""`python -m stocktake` is the command line too."""

import sys

from stocktake.cli import main

sys.exit(main())
