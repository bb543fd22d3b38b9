"""Computes a pack's checksums, XXH64 of whole stripes, and compares.

Usage: checksums.py PACK
"""

import json
import struct
import sys

MASK, P1, P2, P3 = (1 << 64) - 1, 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P4 = 0x85EBCA77C2B2AE63


def left(x, count):
    return (x << count | x >> (64 - count)) & MASK


def step(total, lane):
    return left((total + lane * P2) & MASK, 31) * P1 & MASK


def xxh64(data):
    lanes = [(P1 + P2) & MASK, P2, 0, -P1 & MASK]
    for numbers in struct.iter_unpack("<4Q", data):
        lanes = [step(total, lane) for total, lane in zip(lanes, numbers)]
    total = sum(left(lane, count) for lane, count in zip(lanes, (1, 7, 12, 18))) & MASK
    for lane in lanes:
        total = ((total ^ step(0, lane)) * P1 + P4) & MASK
    total = (total + len(data)) & MASK
    total = (total ^ total >> 33) * P2 & MASK
    total = (total ^ total >> 29) * P3 & MASK
    return total ^ total >> 32


data = open(sys.argv[1], "rb").read()
(length,) = struct.unpack("<Q", data[:8])
start = 8 + length
header = json.loads(data[8:start])
assert header.pop("__metadata__")["format"] == "limbeck" and start % 64 == 0
ranges = sorted(entry["data_offsets"] for entry in header.values())
found = [xxh64(data[:start])] + [xxh64(data[start + first : start + end]) for first, end in ranges[:-1]]
stored = struct.unpack(f"<{(ranges[-1][1] - ranges[-1][0]) // 8}Q", data[start + ranges[-1][0] :])
assert list(stored[: len(found)]) == found and not any(stored[len(found) :])
print(f"{len(found)} checksums are right")
