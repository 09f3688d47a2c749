# SPDX-License-Identifier: Apache-2.0
"""Digest of the coded pictures and SEI messages of a file's first H.264 or H.265 track, whatever the container. Framing, parameter
sets and delimiters may change in an honest remux; slices and SEI may not."""
import collections
import hashlib
import re
import subprocess

Digest = collections.namedtuple("Digest", "sha256 units codec")


def _codec(path):
    out = subprocess.run(["ffprobe", "-v", "quiet", "-select_streams", "v:0", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
                          f"file:{path}"], capture_output=True, text=True)
    return out.stdout.split("\n")[0].strip(" ,")


def _counts(unit, codec):
    if codec == "h264":
        return (unit[0] & 31) in (1, 2, 3, 4, 5, 6)
    kind = unit[0] >> 1 & 63
    return kind < 32 or kind in (39, 40)


def units(path):
    """SHA-256 of each coded picture and SEI message, in the order of the file."""
    return [hashlib.sha256(unit).hexdigest() for unit in _units(path, _codec(path))]


def _units(path, codec):
    bsf = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}[codec]

    def elementary(*options):
        # -copyinkf: pictures before the first key frame count too
        return subprocess.run(["ffmpeg", "-nostdin", "-v", "quiet", *options, "-i", f"file:{path}", "-map", "0:v:0", "-c", "copy", "-copyinkf",
                               "-bsf:v", bsf, "-f", codec, "-"], capture_output=True).stdout
    stream = elementary("-ignore_editlist", "1") or elementary()
    starts = [m.end() for m in re.finditer(b"\0\0\1", stream)]
    for begin, end in zip(starts, starts[1:] + [len(stream) + 3]):
        unit = stream[begin:end - 3].rstrip(b"\0")
        if unit and _counts(unit, codec):
            yield unit


def digest(path):
    codec = _codec(path)
    sha256, count = hashlib.sha256(), 0
    for unit in _units(path, codec):
        sha256.update(len(unit).to_bytes(4, "big") + unit)
        count += 1
    return Digest(sha256.hexdigest(), count, codec)


def each(options, codec, stdin=None):
    """SHA-256 of each coded picture and SEI message of what ffmpeg reads with these options, without holding all of it."""
    command = ["ffmpeg", "-nostdin" if stdin is None else "-y", "-v", "quiet", *options, "-map", "0:v:0", "-c", "copy", "-copyinkf",
               "-bsf:v", {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}[codec], "-f", codec, "-"]
    held = b""
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE) as p:
        while True:
            piece = p.stdout.read(1 << 20)
            *units, held = (held + piece).split(b"\0\0\1") if piece else [held, b""]
            for unit in units:
                unit = unit.rstrip(b"\0")
                if unit and _counts(unit, codec):
                    yield hashlib.sha256(unit).hexdigest()
            if not piece:
                return
