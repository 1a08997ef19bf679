"""The long runs: `make soak`. Everyday tests take a sample of the same with a fixed seed."""

import os

collect_ignore_glob = [] if os.environ.get("SOAK") else ["test_*.py"]
