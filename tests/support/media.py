# SPDX-License-Identifier: Apache-2.0
"""Generated media: a table of recipes (containers x codecs x B-frames x edit lists x late start x variable rate x rotation), made by
ffmpeg and GStreamer, cached by recipe; and the checks that compare what was sent with what comes back."""
import hashlib
import json
import os
import random
import subprocess
import tempfile

CACHE = os.path.join(tempfile.gettempdir(), f"doorward-media-{os.geteuid()}")
VIDEO = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=15:duration=4"]
SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4"]
SOUND_8K = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=8000:duration=4"]
H264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "15"]
H264_B = [*H264, "-bf", "3"]
H264_PLAIN = [*H264, "-bf", "0"]
H264_BASELINE = [*H264, "-profile:v", "baseline"]
H265 = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params", "keyint=15:log-level=none"]
H265_B = ["-c:v", "libx265", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-x265-params", "keyint=30:bframes=3:log-level=none"]
AAC = ["-c:a", "aac"]
FRAGMENTED = ["-movflags", "frag_keyframe+empty_moov+default_base_moof"]
CMAF = ["-movflags", "cmaf+frag_keyframe+empty_moov"]
FASTSTART = ["-movflags", "+faststart"]

# name: (inputs, encoding, container options, file ending)
FFMPEG = {
    "mp4-h264-aac-faststart": (VIDEO + SOUND, H264 + AAC, FASTSTART, "mp4"),
    "mp4-h264-aac-tail": (VIDEO + SOUND, H264 + AAC, [], "mp4"),
    "mp4-h264-aac-fragmented": (VIDEO + SOUND, H264 + AAC, FRAGMENTED, "mp4"),
    "mp4-h264-aac-cmaf": (VIDEO + SOUND, H264 + AAC, CMAF, "mp4"),
    "mp4-h264b-aac-faststart": (VIDEO + SOUND, H264_B + AAC, FASTSTART, "mp4"),
    "mp4-h264b-aac-fragmented": (VIDEO + SOUND, H264_B + AAC, FRAGMENTED, "mp4"),
    "mp4-h264b-silent-tail": (VIDEO, H264_B, [], "mp4"),
    "mp4-h264-baseline-silent": (VIDEO, H264_BASELINE, FASTSTART, "mp4"),
    "mp4-h264-silent-fragmented": (VIDEO, H264_PLAIN, FRAGMENTED, "mp4"),
    "mp4-h264-opus-faststart": (VIDEO + SOUND, H264 + ["-c:a", "libopus"], FASTSTART, "mp4"),
    "mp4-h264-mp3-faststart": (VIDEO + SOUND, H264 + ["-c:a", "libmp3lame"], FASTSTART, "mp4"),
    "mp4-h264-ac3-faststart": (VIDEO + SOUND, H264 + ["-c:a", "ac3"], FASTSTART, "mp4"),
    "mp4-h265-aac-faststart": (VIDEO + SOUND, H265 + AAC, FASTSTART + ["-tag:v", "hvc1"], "mp4"),
    "mp4-h265-hev1-tail": (VIDEO + SOUND, H265 + AAC, ["-tag:v", "hev1"], "mp4"),
    "mp4-h265b-aac-fragmented": (VIDEO + SOUND, H265_B + AAC, FRAGMENTED + ["-tag:v", "hvc1"], "mp4"),
    "mp4-one-fragment-a-frame": (VIDEO + SOUND, H264 + AAC, ["-movflags", "frag_every_frame+empty_moov"], "mp4"),
    "mp4-short-fragments": (VIDEO + SOUND, H264 + AAC, FRAGMENTED + ["-frag_duration", "200000"], "mp4"),
    "mp4-long-gop": (VIDEO + SOUND, H264 + ["-g", "600"] + AAC, FASTSTART, "mp4"),
    "mp4-intra-only": (VIDEO + SOUND, H264 + ["-g", "1"] + AAC, FASTSTART, "mp4"),
    "mp4-timescale-odd": (VIDEO, H264_B, FASTSTART + ["-video_track_timescale", "12288"], "mp4"),
    "mp4-ntsc-rate": (["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30000/1001:duration=4"], H264_B, FASTSTART, "mp4"),
    "mp4-variable-rate": (VIDEO, ["-vf", "select='not(mod(n,3))+lt(n,20)'", "-fps_mode", "vfr"] + H264_B, FASTSTART, "mp4"),
    "mp4-variable-rate-fragmented": (VIDEO, ["-vf", "select='not(mod(n,4))+gt(n,40)'", "-fps_mode", "vfr"] + H264, FRAGMENTED, "mp4"),
    "mp4-sound-starts-late": (VIDEO + ["-itsoffset", "1.5"] + SOUND, H264_B + AAC, FASTSTART, "mp4"),
    "mp4-picture-starts-late": (["-itsoffset", "0.8"] + VIDEO + SOUND, H264_B + AAC, FASTSTART, "mp4"),
    "mov-h264-pcm": (VIDEO + SOUND, H264 + ["-c:a", "pcm_s16le"], [], "mov"),
    "mov-h264-alaw": (VIDEO + SOUND_8K, H264 + ["-c:a", "pcm_alaw"], [], "mov"),
    "mov-h264-mulaw": (VIDEO + SOUND_8K, H264 + ["-c:a", "pcm_mulaw"], [], "mov"),
    "ts-h264-aac": (VIDEO + SOUND, H264 + AAC, [], "ts"),
    "ts-h264b-aac": (VIDEO + SOUND, H264_B + AAC, [], "ts"),
    "ts-h264-mp3": (VIDEO + SOUND, H264 + ["-c:a", "libmp3lame"], [], "ts"),
    "ts-h264-ac3": (VIDEO + SOUND, H264 + ["-c:a", "ac3"], [], "ts"),
    "ts-h264-opus": (VIDEO + SOUND, H264 + ["-c:a", "libopus"], [], "ts"),
    "ts-h264b-silent": (VIDEO, H264_B, [], "ts"),
    "ts-h265-aac": (VIDEO + SOUND, H265 + AAC, [], "ts"),
    "ts-h265b-aac": (VIDEO + SOUND, H265_B + AAC, [], "ts"),
    "ts-starts-at-a-day": (VIDEO + SOUND, H264_B + AAC, ["-output_ts_offset", "86000", "-muxdelay", "0"], "ts"),
    "ts-wraps-in-the-middle": (VIDEO + SOUND, H264_B + AAC, ["-output_ts_offset", "95441", "-muxdelay", "0"], "ts"),
    "m2ts-h264-aac": (VIDEO + SOUND, H264 + AAC, ["-mpegts_m2ts_mode", "1"], "ts"),
    "mkv-h264-aac": (VIDEO + SOUND, H264 + AAC, [], "mkv"),
    "mkv-h264b-aac": (VIDEO + SOUND, H264_B + AAC, [], "mkv"),
    "mkv-h264-opus": (VIDEO + SOUND, H264 + ["-c:a", "libopus"], [], "mkv"),
    "mkv-h264-mp3": (VIDEO + SOUND, H264 + ["-c:a", "libmp3lame"], [], "mkv"),
    "mkv-h264-ac3": (VIDEO + SOUND, H264 + ["-c:a", "ac3"], [], "mkv"),
    "mkv-h264-pcm": (VIDEO + SOUND, H264 + ["-c:a", "pcm_s16le"], [], "mkv"),
    "mkv-h264-live": (VIDEO + SOUND, H264 + AAC, ["-live", "1", "-f", "matroska"], "mkv"),
    "mkv-h265b-aac": (VIDEO + SOUND, H265_B + AAC, [], "mkv"),
    "mkv-h265-alaw": (VIDEO + SOUND_8K, H265 + ["-c:a", "pcm_alaw", "-strict", "-2"], [], "mkv"),
    "mkv-variable-rate": (VIDEO + SOUND, ["-vf", "select='not(mod(n,3))+lt(n,20)'", "-fps_mode", "vfr"] + H264_B + AAC, [], "mkv"),
}
# name: (source, what is done to it on a stream copy, file ending)
COPIES = {
    "mp4-edit-list-cuts-the-front": ("mp4-h264b-aac-faststart", ["-ss", "1.4", "-i", "{}", "-c", "copy", *FASTSTART], "mp4"),
    "mp4-rotated-90": ("mp4-h264-aac-faststart", ["-i", "{}", "-c", "copy", "-metadata:s:v:0", "rotate=90"], "mp4"),
    "mp4-rotated-180": ("mp4-h264b-aac-faststart", ["-i", "{}", "-c", "copy", "-metadata:s:v:0", "rotate=180"], "mp4"),
    "mp4-starts-between-key-frames": ("mp4-h264-silent-fragmented",
                                      ["-i", "{}", "-c", "copy", "-copyinkf", "-bsf:v", "noise=drop='lt(n\\,5)'", *FRAGMENTED], "mp4"),
    "ts-starts-between-key-frames": ("ts-h264b-silent", ["-i", "{}", "-c", "copy", "-copyinkf", "-bsf:v", "noise=drop='lt(n\\,5)'"], "ts"),
}
GSTREAMER = {
    "gst-mp4": ("mp4mux", "mp4"),
    "gst-mp4-faststart": ("mp4mux faststart=true", "mp4"),
    "gst-mp4-fragmented": ("mp4mux fragment-duration=1000 streamable=true", "mp4"),
    "gst-ts": ("mpegtsmux", "ts"),
    "gst-mkv": ("matroskamux", "mkv"),
    "gst-mkv-streamable": ("matroskamux streamable=true", "mkv"),
    "gst-qt": ("qtmux", "mov"),
}


def _cached(name, ending, recipe, make):
    os.makedirs(CACHE, exist_ok=True)
    key = hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]
    path = os.path.join(CACHE, f"{name}-{key}.{ending}")
    if not os.path.exists(path):
        part = f"{path}.{os.getpid()}.part.{ending}"
        make(part)
        os.rename(part, path)
    return path


def _ffmpeg(args):
    r = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *args], capture_output=True, text=True)
    return r.returncode == 0, r.stderr


def generate(name):
    """Path of the file of that name. RuntimeError when this machine's tools cannot make it."""
    def run(args):
        done, why = _ffmpeg(args)
        if not done:
            raise RuntimeError(f"{name}: {why}")
    if name in FFMPEG:
        inputs, encoding, options, ending = recipe = FFMPEG[name]
        return _cached(name, ending, recipe, lambda part: run([*inputs, *encoding, *options, part]))
    if name in COPIES:
        source, args, ending = recipe = COPIES[name]
        path = generate(source)
        return _cached(name, ending, recipe, lambda part: run([a.format(path) if a == "{}" else a for a in args] + [part]))
    muxer, ending = GSTREAMER[name]

    def pipeline(part):
        r = subprocess.run(f"gst-launch-1.0 -q -e videotestsrc num-buffers=60 ! video/x-raw,framerate=15/1,width=320,height=240 ! "
                           f"x264enc key-int-max=15 bframes=2 ! h264parse ! queue ! m. audiotestsrc num-buffers=172 ! "
                           f"audio/x-raw,rate=44100,channels=1 ! avenc_aac ! aacparse ! queue ! m. {muxer} name=m ! filesink location={part}",
                           shell=True, capture_output=True, text=True, timeout=60)
        if r.returncode != 0:
            raise RuntimeError(f"{name}: {r.stderr}")
    return _cached(name, ending, muxer, pipeline)


def made(name, ending, args):
    """A file made by ffmpeg from these arguments, cached by them."""
    def make(part):
        done, why = _ffmpeg([*args, part])
        if not done:
            raise RuntimeError(f"{name}: {why}")
    return _cached(name, ending, args, make)


def names():
    return [*FFMPEG, *COPIES, *GSTREAMER]


def video_seconds(path):
    """Length of the picture by its packets: last end - first beginning."""
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-ignore_editlist", "1", "-show_entries",
                          "packet=pts_time,dts_time,duration_time", "-of", "json", path], capture_output=True, text=True)
    if out.returncode != 0:  # the option exists for MP4 only
        out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,dts_time,duration_time",
                              "-of", "json", path], capture_output=True, text=True)
    packets = json.loads(out.stdout)["packets"]
    times = [float(p.get("pts_time", p.get("dts_time"))) for p in packets if "pts_time" in p or "dts_time" in p]
    last = max(range(len(times)), key=times.__getitem__)
    return times[last] - min(times) + float(packets[last].get("duration_time", 0))


def mutations(seed, count, sources):
    """(label, bytes): damaged copies - flipped bytes, cut ends, swapped and repeated blocks, wild box sizes."""
    rng = random.Random(seed)
    contents = [(os.path.basename(p), open(p, "rb").read()) for p in sources]
    for i in range(count):
        name, data = contents[i % len(contents)]
        data = bytearray(data)
        how = rng.choice(["flip", "flip-head", "cut", "hole", "swap", "repeat", "sizes", "zero"])
        at = rng.randrange(len(data))
        if how == "flip":
            for _ in range(rng.choice([1, 10, 300])):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif how == "flip-head":
            for _ in range(rng.choice([1, 5, 40])):
                data[rng.randrange(min(4096, len(data)))] = rng.randrange(256)
        elif how == "cut":
            del data[at:]
        elif how == "hole":
            del data[at:at + rng.randrange(1, 5000)]
        elif how == "swap":
            n = min(2000, len(data) - at)
            to = rng.randrange(max(1, len(data) - n))
            data[at:at + n], data[to:to + n] = data[to:to + n], data[at:at + n]
        elif how == "repeat":
            data[at:at] = data[at:at + rng.randrange(1, 20000)]
        elif how == "sizes":
            for box in (b"stsz", b"stco", b"stts", b"ctts", b"trun", b"tfdt", b"mdat", b"moov", b"stsd", b"avcC", b"elst", b"mdhd"):
                where = data.find(box)
                if where >= 4 and rng.random() < 0.4:
                    spot = where + rng.choice([-4, 4, 8, 12])
                    data[spot:spot + 4] = rng.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1", rng.randbytes(4)])
        else:
            n = rng.randrange(1, 5000)
            data[at:at + n] = bytes(len(data[at:at + n]))
        yield f"{i}-{how}-{name}", bytes(data)
