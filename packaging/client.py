"""What the packaged client starts with."""

import sys

from linkus_desktop.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
