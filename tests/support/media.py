# SPDX-License-Identifier: Apache-2.0
"""What a file holds, as ffprobe and a hash over its coded pictures see it."""
import hashlib
import json
import re
import subprocess

SLICES = {"h264": {1, 2, 3, 4, 5, 6}, "hevc": set(range(32)) | {39, 40}}


def probe(path, *options):
    out = subprocess.run(["ffprobe", "-v", "error", *options, "-show_format", "-show_streams", "-of", "json", path],
                         capture_output=True, text=True, timeout=60)
    return json.loads(out.stdout or "{}"), out.stderr


def stream(info, kind):
    return next((s for s in info.get("streams", []) if s.get("codec_type") == kind), None)


def picture_hash(path):
    """(SHA-256 over slices and SEI of the first picture track, how many of them): framing and parameter sets do not count."""
    info, _ = probe(path)
    codec = (stream(info, "video") or {}).get("codec_name")
    if codec not in SLICES:
        return None, 0

    def raw(*options):
        return subprocess.run(["ffmpeg", "-nostdin", "-v", "quiet", *options, "-i", f"file:{path}", "-map", "0:v:0", "-c", "copy",
                               "-copyinkf", "-bsf:v", f"{codec}_mp4toannexb", "-f", codec, "-"], capture_output=True, timeout=120).stdout
    data = raw("-ignore_editlist", "1") or raw()
    starts = [m.end() for m in re.finditer(b"\0\0\1", data)]
    digest, count = hashlib.sha256(), 0
    for a, b in zip(starts, starts[1:] + [len(data) + 3]):
        unit = data[a:b - 3].rstrip(b"\0")
        kind = unit and (unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63)
        if unit and kind in SLICES[codec]:
            digest.update(len(unit).to_bytes(4, "big") + unit)
            count += 1
    return digest.hexdigest(), count


def presentation(path, kind="v"):
    """(first, last end) of the packets shown, in seconds; None when there are none."""
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", f"{kind}:0", "-show_entries",
                          "packet=pts_time,duration_time,flags", "-of", "json", path], capture_output=True, text=True, timeout=120)
    spans = []
    for p in json.loads(out.stdout or "{}").get("packets", []):
        if "pts_time" in p and "D" not in p.get("flags", ""):
            at = float(p["pts_time"])
            spans.append((at, at + float(p.get("duration_time", 0))))
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


def play_errors(path, *options):
    """What ffmpeg complains about when it decodes everything."""
    out = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *options, "-i", path, "-f", "null", "-"], capture_output=True,
                         text=True, timeout=120)
    return out.stderr + (f"exit code {out.returncode}" if out.returncode else "")
