"""Names of the metrics that every system with pictures has."""

SAMPLE_METRICS = ("ssim_of_mean", "diversity")
PICTURE_METRICS = (
    "class_accuracy",
    "retrieval_r1",
    "retrieval_r10",
    "retrieval_class_r1",
    "retrieval_class_r10",
    "kid",
    "ssim",
    "psnr",
    "hss",
    "dark_fraction",
    "memorization",
)
