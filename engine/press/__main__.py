"""SOURCE TARGET FONTS NICE: one document to one file, started by engine.printing.binding."""

import os
import sys
from pathlib import Path

from engine.press.machine import press

source, target, fonts = map(Path, sys.argv[1:4])
os.nice(int(sys.argv[4]))
target.write_bytes(press(source.read_text(encoding="utf-8"), fonts))
