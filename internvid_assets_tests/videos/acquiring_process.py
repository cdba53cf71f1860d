"""Lists and acquires the sports videos of a home, in a process that can be killed: python acquiring_process.py HOME"""

from __future__ import annotations

import sys
from pathlib import Path

from acquisitions import candidates, fill

from internvid_assets.home import Home
from internvid_assets.settings import load_settings
from internvid_assets.videos.sources import read_sources

if __name__ == "__main__":
    home = Home(load_settings([f"home={sys.argv[1]}"]))
    candidates(home, read_sources(Path(sys.argv[1])))
    fill(home)
