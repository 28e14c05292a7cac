"""Named sets of hyperparameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from a2i_tf.config import Config
from a2i_tf.errors import A2IError

IMAGE_SIZES: tuple[int, ...] = (32, 64, 128)
LATENT_SIZE = 8
"""Width and height of the latents of a flow, whatever the size of the picture."""


@dataclass(frozen=True)
class Preset(Config):
    """Everything that shapes the networks and their training, but for the image size.

    Attributes:
        name: Name of the preset.
        mfcc_setting: Name of the front end in `MFCC_SETTINGS`.
        encoder: "convolutional" over time and frequency, or "dense" over all of them.
        encoder_width: Filters of the first convolution, or units of the first dense layer.
        cepstral_mean_normalization: Whether an ear hears a sound without its cepstral mean (Atal
            1974), which microphones shift, but which tells of level; only convolutional ones.
        ears: How many of them listen, and are averaged.
        throats: How many throats each of them hears a sound of; an odd number.
        embedding_dim: Length of what the encoder tells of a sound.
        noise_dim: Length of what it can't hear; with a flow, 64 times 2 or more.
        prior: Where that comes from: "flow", which makes it of the sound and noise, having learnt
            it from pictures (models/latent_gan.py), or "normal", noise itself.
        flow_width: Channels of the flow's blocks.
        flow_blocks: Their number.
        flow_steps: Steps of the flow from noise to what can't be heard, of two evaluations each.
        lesson_batch_size: Pairs that all learn from at once before and after the adversarial
            training, where a step costs little; over all replicas.
        guidance: How far the flow goes in the direction that the sound makes a difference in.
        generator: "skip", where every scale paints and the condition speaks, or "plain", a stack
            of transposed convolutions with batch normalization.
        generator_width: Filters of the generator at 32 px; doubled at every halving.
        discriminator_width: Filters of discriminator and picture encoder at 32 px; doubled
            likewise.
        adversarial_loss: "hinge" with spectral normalization, or "cross_entropy", the plain GAN;
            both project the embedding.
        augment: Whether sounds are varied (datasets/hearing.py), and the discriminator sees images
            through DiffAugment.
        batch_size: Pairs that the generator learns from at once, over all replicas.
        generator_learning_rate: Adam step of all that learns with the generator, or before it.
        discriminator_learning_rate: Adam step of the discriminator.
        beta_1: Adam's first moment.
        moving_average_decay: Decay of the weights that are kept for drawing, once it's reached.
        adversarial_weight: Weight of the adversarial term at the start.
        final_adversarial_weight: Its weight at the end; it changes linearly.
        reconstruction_weight: Weight of the reconstruction term at the start.
        final_reconstruction_weight: Its weight at the end; it changes linearly.
        sketch_weight: Weight of sketches in the reconstruction term, beside 1 for pixels.
        decay_share: Share of the training at its end in which the learning rates fall.
        sketch_share: Time before the adversarial training, as a share of the budget, in which the
            encoder learns to sketch (models/sketcher.py).
        alignment_share: Time after that, likewise, in which encoder and sketch reader learn to
            agree (models/alignment.py); only with a flow.
        flow_share: Time after the adversarial training, likewise, in which the flows alone learn
            on (models/flow_lesson.py); only with a flow.
        flow_minutes: Minutes of that at most, where the budget is one of minutes: longer lessons
            learn by heart.
        flow_augment: Whether sounds are varied in that lesson, too, where they are so few that
            the flow of embeddings would learn by heart how each sounds.
        mean_shift: Whether what is told of a sound is moved to the nearest of what training sounds
            are told as, in the end (models/mean_shift.py); only with a flow.
    """

    name: str
    mfcc_setting: str
    encoder: Literal["convolutional", "dense"]
    encoder_width: int
    cepstral_mean_normalization: bool
    ears: int
    throats: int
    embedding_dim: int
    noise_dim: int
    prior: Literal["flow", "normal"]
    flow_width: int
    flow_blocks: int
    flow_steps: int
    lesson_batch_size: int
    guidance: float
    generator: Literal["skip", "plain"]
    generator_width: int
    discriminator_width: int
    adversarial_loss: Literal["hinge", "cross_entropy"]
    augment: bool
    batch_size: int
    generator_learning_rate: float
    discriminator_learning_rate: float
    beta_1: float
    moving_average_decay: float
    adversarial_weight: float
    final_adversarial_weight: float
    reconstruction_weight: float
    final_reconstruction_weight: float
    sketch_weight: float
    decay_share: float
    sketch_share: float
    alignment_share: float
    flow_share: float
    flow_minutes: float
    flow_augment: bool
    mean_shift: bool

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("encoder_width", "ears", "embedding_dim", "noise_dim", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.throats < 1 or self.throats % 2 == 0:
            raise ValueError(f"throats is {self.throats}; it must be an odd number")
        if not 0 <= self.moving_average_decay < 1:
            raise ValueError("moving_average_decay must lie in [0, 1)")
        # A single number of unit size could only be 1 or -1.
        if self.prior == "flow" and (self.noise_dim % LATENT_SIZE**2 or self.latent_shape[-1] < 2):
            raise ValueError(f"noise_dim must be {LATENT_SIZE**2} times 2 or more")
        shares = (self.sketch_share, self.alignment_share, self.flow_share)
        if self.prior == "flow" and not (min(*shares, self.flow_minutes) > 0 and sum(shares) < 1):
            raise ValueError(
                "a flow needs flow_minutes, and a sketch_share, an alignment_share and a "
                "flow_share, above 0, the shares together below 1"
            )

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """Shape of what the generator draws from beside the embedding.

        What a flow makes is a map, so that each number tells of an area; noise has no places.
        """
        if self.prior == "flow":
            return (LATENT_SIZE, LATENT_SIZE, self.noise_dim // LATENT_SIZE**2)
        return (self.noise_dim,)


DEFAULT = Preset(
    name="default",
    mfcc_setting="fine",
    encoder="convolutional",
    encoder_width=32,
    cepstral_mean_normalization=False,
    ears=1,
    throats=1,
    embedding_dim=64,
    noise_dim=512,
    prior="flow",
    flow_width=128,
    flow_blocks=6,
    flow_steps=4,
    lesson_batch_size=128,
    guidance=2.0,
    generator="skip",
    generator_width=48,
    discriminator_width=32,
    adversarial_loss="hinge",
    augment=True,
    batch_size=32,
    generator_learning_rate=1e-3,
    discriminator_learning_rate=4e-4,
    beta_1=0.5,
    moving_average_decay=0.99,
    adversarial_weight=0.0,
    final_adversarial_weight=0.2,
    reconstruction_weight=10.0,
    final_reconstruction_weight=10.0,
    sketch_weight=8.0,
    decay_share=0.4,
    sketch_share=0.15,
    alignment_share=0.04,
    flow_share=0.2,
    flow_minutes=6.0,
    flow_augment=False,
    mean_shift=False,
)

# For few speakers: what tells one from another must not be learnt.
VOICES = replace(
    DEFAULT,
    name="voices",
    encoder_width=20,
    cepstral_mean_normalization=True,
    ears=3,
    throats=3,
    guidance=3.0,
    sketch_share=0.3,
    flow_augment=True,
    mean_shift=True,
)

# The plain reading of the reference notebook: MFCC of a second as 8 x 13 values, a dense encoder,
# a transposed-convolution generator, cross-entropy and a constant pixel loss.
SEED = Preset(
    name="seed",
    mfcc_setting="scene104",
    encoder="dense",
    encoder_width=128,
    cepstral_mean_normalization=False,
    ears=1,
    throats=1,
    embedding_dim=32,
    noise_dim=32,
    prior="normal",
    flow_width=0,
    flow_blocks=0,
    flow_steps=0,
    lesson_batch_size=32,
    guidance=1.0,
    generator="plain",
    generator_width=48,
    discriminator_width=48,
    adversarial_loss="cross_entropy",
    augment=False,
    batch_size=32,
    generator_learning_rate=2e-4,
    discriminator_learning_rate=2e-4,
    beta_1=0.5,
    moving_average_decay=0.0,
    adversarial_weight=1.0,
    final_adversarial_weight=1.0,
    reconstruction_weight=10.0,
    final_reconstruction_weight=10.0,
    sketch_weight=0.0,
    decay_share=0.0,
    sketch_share=0.0,
    alignment_share=0.0,
    flow_share=0.0,
    flow_minutes=0.0,
    flow_augment=False,
    mean_shift=False,
)

# For tests: the default in small.
TINY = replace(
    DEFAULT,
    name="tiny",
    mfcc_setting="scene104",
    encoder_width=8,
    embedding_dim=8,
    noise_dim=128,
    flow_width=8,
    flow_blocks=1,
    flow_steps=2,
    lesson_batch_size=8,
    generator_width=8,
    discriminator_width=8,
    batch_size=8,
    generator_learning_rate=5e-4,
    moving_average_decay=0.9,
    sketch_weight=0.4,
    alignment_share=0.1,
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in (DEFAULT, VOICES, SEED, TINY)}


def preset_named(name: str, guidance: float | None = None) -> Preset:
    """Returns a preset.

    Args:
        name: Its name.
        guidance: In place of its own.

    Raises:
        A2IError: if there is none of that name.
        ValueError: if what it draws can't be guided.
    """
    if name not in PRESETS:
        raise A2IError(f"there is no preset {name!r}; choose one of {', '.join(PRESETS)}")
    preset = PRESETS[name]
    if guidance is None:
        return preset
    if preset.prior != "flow":
        raise ValueError(f"the preset {name} knows no guidance")
    return replace(preset, guidance=guidance)
