"""Colours that stay readable: contrast as WCAG 2.2 defines it (success criteria 1.4.3 and 1.4.6)."""

from collections.abc import Sequence


def readable(colour: str, ratio: float) -> str:
    """« #rrggbb », darkened step by step until its contrast with white reaches `ratio`."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    while contrast_with_white(channels) < ratio:
        channels = [channel * 19 // 20 for channel in channels]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def contrast_with_white(channels: Sequence[int]) -> float:
    """Contrast ratio, 1 to 21, of a colour given as red, green and blue from 0 to 255."""
    shares = [channel / 255 for channel in channels]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
