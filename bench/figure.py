"""The forward pass as bars in an SVG: the time of each shape over OpenVINO's in float32. Grey and colours of middle lightness, and
no background, so that it can be read on white and on black."""
from cases import MODELS, SHAPES, threads_text
from engines import TITLES

BASE = ("float32", "openvino")
COLORS = {"limbeck": "#2f81f7", "onnxruntime": "#d9822b", "openvino": "#8957e5"}
OPACITY = {"float32": 0.45, "int8": 1}
BARS = [(precision, engine) for precision in OPACITY for engine in COLORS]
WIDTH, HEIGHT, LEFT, TOP, BAR, GAP = 860, 220, 40, 56, 11, 7
MOST = 1.5  # of OpenVINO's time; what is longer is cut off, and says how long it is
GREY = "#848d97"


def text(x, y, content, size=12, anchor="middle", color=GREY):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{color}">{content}</text>'


def bar(x, value, key):
    height = min(value, MOST) / MOST * HEIGHT
    precision, engine = key
    parts = [f'<rect x="{x:.1f}" y="{TOP + HEIGHT - height:.1f}" width="{BAR - 1}" height="{height:.1f}" fill="{COLORS[engine]}" '
             f'fill-opacity="{OPACITY[precision]}"><title>{TITLES[engine]}, {precision}: {value:.2f}</title></rect>']
    if engine == "limbeck" or value > MOST:
        parts.append(text(x + BAR - 1, TOP + HEIGHT - height - 3, f"{value:.2f}".removeprefix("0"), 9, "end"))
    return parts


def legend():
    parts, x = [], LEFT
    for precision, engine in BARS:
        parts += [f'<rect x="{x}" y="10" width="10" height="10" fill="{COLORS[engine]}" fill-opacity="{OPACITY[precision]}"/>',
                  text(x + 14, 19, f"{TITLES[engine]} {precision}", 10, "start")]
        x += 136
    return parts


def draw(times, threads):
    """`times`: {(model, threads, shape): {(precision, engine): seconds}}"""
    parts = legend()
    for tick in (0, 0.5, 1, 1.5):
        y = TOP + HEIGHT - tick / MOST * HEIGHT
        parts += [f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GREY}" stroke-opacity="0.4"/>',
                  text(LEFT - 6, y + 4, f"{tick:g}", 11, "end")]
    x = LEFT + GAP
    for title in MODELS.values():
        start = x
        for case in SHAPES.values():
            found = times[title, threads, case]
            for i, key in enumerate(BARS):
                parts += bar(x + i * BAR + (key[0] == "int8") * GAP, found[key] / found[BASE], key)
            group = len(BARS) * BAR + GAP
            parts.append(text(x + group / 2, TOP + HEIGHT + 15, case, 11))
            x += group + GAP
        parts.append(text((start + x - GAP) / 2, TOP + HEIGHT + 33, title, 13))
        x += GAP
    height = TOP + HEIGHT + 64
    parts.append(text(LEFT, height - 8, "Time of a forward pass over that of OpenVINO in float32, batch x tokens, "
                      f"{threads_text(threads)}; less is better. CTranslate2: see the tables", 11, "start"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif">\n'
            + "\n".join(parts) + "\n</svg>\n")
