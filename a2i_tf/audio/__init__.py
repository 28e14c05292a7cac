"""From any file to MFCC: decoding, resampling, windows, and the front end."""
