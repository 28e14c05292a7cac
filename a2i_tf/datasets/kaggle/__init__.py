"""The Kaggle set *Scene Classification: Images and Audio* (Bird et al., arXiv 2007.10175).

17,252 seconds of 45 videos of nine scenes: the frame at a second's middle and 104 MFCC values. It
has no audio.

    dataset.csv                   IMAGE, mfcc_1 … mfcc_104, CLASS1, CLASS2
    images/forest/forest0.png     256 x 256 pixels; also images/store4/store4-1030.png
"""

from __future__ import annotations

DATASET = "birdy654/scene-classification-images-and-audio"
NAME = "kaggle"
