"""internvid-assets: raw videos in, video-text datasets out."""

import os

# Read once, when torch is first imported: threads that wait by spinning make small models 15 to 30 times slower as soon
# as a decoder or another run wants the same cores (measured on 2 cores: 11 captions/s against 167).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
