# SPDX-License-Identifier: Apache-2.0
"""What a file holds and how it plays, as ffprobe and ffmpeg see it."""
import json
import subprocess


def probe(path, *options):
    out = subprocess.run(["ffprobe", "-v", "error", *options, "-show_format", "-show_streams", "-of", "json", path],
                         capture_output=True, text=True, timeout=60)
    return json.loads(out.stdout or "{}"), out.stderr


def stream(info, kind):
    return next((s for s in info.get("streams", []) if s.get("codec_type") == kind), None)


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
