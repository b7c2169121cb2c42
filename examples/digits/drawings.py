"""Draw digits as with a mouse: strokes with random size, slant, position and pen width."""

import itertools
import math

from PIL import Image, ImageDraw

SIDE = 280


def arc(x, y, across, down, start, end):
    """Return the points of an elliptical arc.

    Args:
        x: the horizontal position of the centre.
        y: the vertical position of the centre, downwards.
        across: the horizontal radius.
        down: the vertical radius.
        start: the first angle in degrees, clockwise from the right.
        end: the last angle.
    """
    angles = [math.radians(start + (end - start) * step / 24) for step in range(25)]
    return [(x + across * math.cos(angle), y + down * math.sin(angle)) for angle in angles]


# The strokes of each digit in several variants, in the unit square.
SHAPES = {
    0: [
        [arc(0.5, 0.5, 0.32, 0.48, -90, 270)],
        [arc(0.5, 0.5, 0.24, 0.48, -60, 300)],
        [arc(0.5, 0.5, 0.42, 0.48, -100, 265)],
    ],
    1: [
        [[(0.5, 0), (0.5, 1)]],
        [[(0.3, 0.25), (0.55, 0), (0.55, 1)]],
        [[(0.3, 0.22), (0.55, 0), (0.55, 1)], [(0.3, 1), (0.8, 1)]],
    ],
    2: [
        [[*arc(0.5, 0.28, 0.32, 0.28, -170, 40), (0.2, 1), (0.85, 1)]],
        [[*arc(0.48, 0.3, 0.3, 0.3, -150, 60), (0.3, 0.85), (0.15, 1), (0.4, 0.93), (0.85, 1)]],
        [
            [
                *arc(0.5, 0.28, 0.34, 0.28, -180, 30),
                *arc(0.35, 0.88, 0.12, 0.1, -60, -330),
                (0.5, 0.93),
                (0.85, 1),
            ]
        ],
    ],
    3: [
        [[*arc(0.48, 0.26, 0.3, 0.26, -150, 80), *arc(0.46, 0.74, 0.34, 0.26, -80, 150)]],
        [[(0.2, 0), (0.8, 0), (0.45, 0.4), *arc(0.46, 0.7, 0.34, 0.3, -90, 140)]],
    ],
    4: [
        [[(0.6, 0), (0.15, 0.65), (0.9, 0.65)], [(0.65, 0.35), (0.65, 1)]],
        [[(0.2, 0), (0.2, 0.5), (0.8, 0.5)], [(0.8, 0), (0.8, 1)]],
        [[(0.7, 1), (0.7, 0), (0.15, 0.7), (0.92, 0.7)]],
    ],
    5: [
        [[(0.8, 0), (0.28, 0), (0.24, 0.45), *arc(0.48, 0.7, 0.34, 0.3, -120, 140)]],
        [[(0.3, 0), (0.25, 0.42), *arc(0.48, 0.69, 0.32, 0.3, -110, 150)], [(0.3, 0), (0.85, 0)]],
    ],
    6: [
        [[(0.7, 0), *arc(0.75, 0.6, 0.55, 0.6, -115, -200), *arc(0.5, 0.7, 0.3, 0.29, 180, -180)]],
        [[*arc(0.8, 0.5, 0.6, 0.5, -95, -190), *arc(0.5, 0.7, 0.3, 0.29, -170, -530)]],
    ],
    7: [
        [[(0.15, 0), (0.85, 0), (0.4, 1)]],
        [[(0.15, 0), (0.85, 0), (0.4, 1)], [(0.3, 0.5), (0.8, 0.5)]],
        [[(0.15, 0.12), (0.15, 0), (0.85, 0), (0.5, 0.5), (0.42, 1)]],
    ],
    8: [
        [[*arc(0.5, 0.25, 0.27, 0.25, 90, 450), *arc(0.5, 0.74, 0.33, 0.26, -90, 270)]],
        [
            [
                (0.72, 0.1),
                *arc(0.5, 0.25, 0.26, 0.25, -40, -270),
                *arc(0.5, 0.75, 0.32, 0.25, -90, 300),
                (0.72, 0.15),
            ]
        ],
    ],
    9: [
        [[*arc(0.5, 0.3, 0.3, 0.3, 0, -360), (0.8, 0.3), (0.75, 1)]],
        [[*arc(0.48, 0.3, 0.3, 0.3, -20, -350), *arc(0.2, 0.3, 0.6, 0.68, 0, 85)]],
        [[*arc(0.5, 0.28, 0.3, 0.28, 0, -360), (0.8, 0.3), (0.8, 0.75), *arc(0.5, 0.75, 0.3, 0.25, 0, 140)]],
    ],
}


def drawing(digit, random):
    """Return a picture of a digit, 280 x 280 pixels, dark on bright or bright on dark.

    Args:
        digit: the digit, 0 to 9.
        random: a random generator, `random.Random(seed)`.
    """
    picture = Image.new("L", (SIDE, SIDE), 255)
    place, pen = _placed(random)
    for stroke in random.choice(SHAPES[digit]):
        _draw(ImageDraw.Draw(picture), [place(x, y) for x, y in _dense(stroke)], pen)
    return Image.eval(picture, lambda grey: 255 - grey) if random.random() < 0.4 else picture


def _placed(random):
    """Return a function that maps points of the unit square to the picture, and the pen width."""
    height = random.uniform(0.35, 0.85) * SIDE
    width = height * random.uniform(0.45, 0.85)
    left = random.uniform(0.12 * SIDE, max(0.13 * SIDE, 0.88 * SIDE - width))
    top = random.uniform(0.08 * SIDE, max(0.09 * SIDE, 0.92 * SIDE - height))
    slant, turn = random.uniform(-0.4, 0.25), math.radians(random.uniform(-12, 12))
    waves = [(random.uniform(-0.04, 0.04), random.uniform(0, 6)) for _ in range(2)]
    pen = random.choice([4, 8, 12, 18, 26]) * height / 200 + 2

    def place(x, y):
        x, y = (
            x + waves[0][0] * math.sin(6 * y + waves[0][1]),
            y + waves[1][0] * math.sin(6 * x + waves[1][1]),
        )
        x, y = x - 0.5 - slant * (y - 0.5), y - 0.5
        x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        return left + (x + 0.5) * width, top + (y + 0.5) * height

    return place, pen


def _dense(stroke):
    """Yield the points of a stroke with additional points between them, so that lines can bend."""
    for (x, y), (next_x, next_y) in itertools.pairwise(stroke):
        steps = max(1, int(math.hypot(next_x - x, next_y - y) * 20))
        for step in range(steps):
            yield x + (next_x - x) * step / steps, y + (next_y - y) * step / steps
    yield stroke[-1]


def _draw(draw, points, pen):
    draw.line(points, fill=0, width=max(1, round(pen)), joint="curve")
    for x, y in (points[0], points[-1]):
        draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=0)
