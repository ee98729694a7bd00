"""Cleans a photograph with scikit-image's rolling ball, as its gallery does: under the negative of each channel, subtracted.

    ball_clean.py PHOTO RESULT.png [RADIUS]
"""

import os
import sys

import numpy
from PIL import Image
from skimage.restoration import rolling_ball

photo, result, radius = sys.argv[1], sys.argv[2], float((sys.argv[3:] or [25])[0])
rgb = 255 - numpy.asarray(Image.open(photo).convert("RGB"))
threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
for c in range(3):
    channel = numpy.ascontiguousarray(rgb[..., c])
    rgb[..., c] = channel - rolling_ball(channel, radius=radius, workers=threads)
Image.fromarray(255 - rgb).save(result)
