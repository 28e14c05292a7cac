"""Whether a clip resembles what a model was trained on.

A network answers everything, and a picture of a sound from elsewhere looks like any other. So the
mean MFCC of a clip is held against the training split's: the standard score of each coefficient,
(mean - training mean) / training deviation, with the deviation over single frames. A clip is far
outside where any of them is beyond `FAR_SCORE`.

Measured on built-in scenes at 4.0, settings `fine` and `scene104`. Warned about: 0 and 1.0% of
1,152 test clips of one second, none of 48 whole test recordings; all silence, all clips scaled to
[-1, 1] twice or left in the int16 range, all of 50 spoken digits, all tones (`fine`), 37 and 31% of
134 ESC-10 clips (each sneeze, but no rain, sea or chainsaw). It is blind to white noise of usual
level, which resembles rain, and to clips played at half the speed or twice as fast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.models.config import ModelConfig

FAR_SCORE = 4.0
_LOUDNESS = 0


def standard_scores(mean_mfcc: NDArray[np.float32], config: ModelConfig) -> NDArray[np.float32]:
    """Returns how many training deviations each coefficient is from the training mean.

    Args:
        mean_mfcc: float32 [num_mfccs], from `Synthesizer.hear`.
        config: The contract of the model.

    Returns:
        float32 [num_mfccs].
    """
    deviation = np.array(config.mfcc_deviation, np.float32)
    return (mean_mfcc - np.array(config.mfcc_mean, np.float32)) / deviation


def range_warning(scores: NDArray[np.float32]) -> str | None:
    """Says in one line what is far outside the training sounds.

    Args:
        scores: float32 [num_mfccs], from `standard_scores` or a server.

    Returns:
        None where no score is beyond `FAR_SCORE`.
    """
    furthest = int(np.abs(scores).argmax())
    score = float(scores[furthest])
    if abs(score) <= FAR_SCORE:
        return None
    if furthest != _LOUDNESS:
        what = "its spectrum is unlike that of the training sounds"
    else:
        what = f"it is far {'louder' if score > 0 else 'quieter'} than the training sounds"
    return (
        f"{what} (MFCC {furthest}: {abs(score):.1f} deviations off); "
        "the picture may have little to do with it"
    )
