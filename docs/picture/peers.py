#!/usr/bin/env python3
"""Cleans photographs with well-known methods, to be scored beside ours.

    peers.py PHOTOS OUT [METHOD ...]

Every PHOTOS/NAME.jpg becomes OUT/METHOD/NAME.png, losslessly and in 8 bits. Parameters are the usual ones and the same
for all boards. The methods work on sRGB samples, channel by channel, as their programs do. Needs numpy, scikit-image,
pillow, opencv-python-headless and, for `im-dog`, ImageMagick's `convert`.
"""

import concurrent.futures
import pathlib
import subprocess
import sys

import cv2
import numpy as np
from PIL import Image
from skimage.filters import threshold_sauvola
from skimage.restoration import rolling_ball


def by_channel(method):
    """A method of one channel, for three."""
    return lambda rgb: np.dstack([method(np.ascontiguousarray(rgb[..., c])) for c in range(3)])


def eight_bits(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def ball(radius):
    """scikit-image's rolling ball under the negative; its background is subtracted and the rest turned back."""

    def clean(channel):
        negative = 255 - channel
        # Rolled on a picture shrunk by its extremes, as ImageJ does: exact it takes minutes.
        shrink = 1 if radius <= 10 else 2 if radius <= 30 else 4
        size = (negative.shape[1] // shrink, negative.shape[0] // shrink)
        small = cv2.erode(negative, np.ones((shrink, shrink), np.uint8))
        small = cv2.resize(small, size, interpolation=cv2.INTER_NEAREST)
        grid = np.linspace(-1, 1, 2 * (radius // shrink) + 1)
        x, y = np.meshgrid(grid, grid)
        # Heights are grey levels and do not shrink with the picture.
        kernel = radius * np.sqrt(np.clip(1 - x * x - y * y, 0, None))
        kernel[x * x + y * y > 1] = np.inf
        found = rolling_ball(small.astype(np.float64), kernel=kernel)
        found = cv2.resize(found, negative.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return eight_bits(255 - np.clip(negative - found, 0, None))

    return by_channel(clean)


def divide_by_blur(channel):
    """The usual recipe of forums: divide by a wide Gaussian blur."""
    return cv2.divide(channel, cv2.GaussianBlur(channel, (0, 0), 51), scale=255)


def close_and_divide(channel):
    """Divide by a closing, whose window is wider than a stroke, smoothed by a median."""
    closed = cv2.morphologyEx(channel, cv2.MORPH_CLOSE, np.ones((31, 31), np.uint8))
    return cv2.divide(channel, cv2.medianBlur(closed, 31), scale=255)


def median_shadows(channel):
    """Shadow removal by dilation, median and difference, stretched to the full range."""
    background = cv2.medianBlur(cv2.dilate(channel, np.ones((7, 7), np.uint8)), 21)
    difference = 255 - cv2.absdiff(channel, background)
    return cv2.normalize(difference, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8UC1)


def sauvola(rgb):
    """Black and white; Sauvola's threshold in windows of 51 pixels, k = 0.2."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    ink = grey < threshold_sauvola(grey, window_size=51, k=0.2)
    return np.where(ink, 0, 255).astype(np.uint8)


METHODS = {
    "ball-25": ball(25),
    "ball-100": ball(100),
    "divide-blur": by_channel(divide_by_blur),
    "close-divide": by_channel(close_and_divide),
    "median": by_channel(median_shadows),
    "sauvola": sauvola,
}

# Differences of Gaussians: the whiteboard script that is passed around as a one-liner for ImageMagick.
DOG = (
    "-morphology Convolve DoG:15,100,0 -negate -normalize -blur 0x1 -channel RBG -level 60%,91%,0.1"
).split()


def one(job):
    photo, target, method = job
    target.parent.mkdir(parents=True, exist_ok=True)
    if method == "im-dog":
        subprocess.run(["convert", photo, *DOG, "-depth", "8", f"PNG24:{target}"], check=True)
        return
    rgb = np.asarray(Image.open(photo).convert("RGB"))
    Image.fromarray(METHODS[method](rgb)).save(target, optimize=True)


def main():
    photos, out = map(pathlib.Path, sys.argv[1:3])
    methods = sys.argv[3:] or [*METHODS, "im-dog"]
    jobs = [
        (photo, out / method / f"{photo.stem}.png", method)
        for method in methods
        for photo in sorted(photos.glob("*.jpg"))
    ]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for _ in pool.map(one, jobs):
            pass


if __name__ == "__main__":
    main()
