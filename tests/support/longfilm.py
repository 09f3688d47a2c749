# SPDX-License-Identifier: Apache-2.0
"""A camera that films for hours, sent as fast as it is taken: a scene of a minute, again and again, with times that go on."""
import functools
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import nal  # noqa: E402
from cost import private_kib, tree  # noqa: E402
from sender import Sender  # noqa: E402

FORMATS = {"ts": ["-f", "mpegts"], "mkv": ["-f", "matroska"], "mp4": ["-movflags", "empty_moov+default_base_moof+frag_keyframe", "-f", "mp4"]}
PIECE = 256 * 1024


@functools.lru_cache(None)
def scene():
    """A minute of ten small pictures a second and telephone-like sound: what a day of is not too much to test with."""
    path = os.path.join(tempfile.gettempdir(), f"doorward-samples-{os.geteuid()}", "scene.mp4")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        part = f"{path}.{os.getpid()}.part.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10", "-f", "lavfi", "-i",
                        "sine=frequency=440:sample_rate=8000", "-t", "60", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "40k", "-g", "20", "-bf", "0",
                        "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "16k", part], check=True)
        os.rename(part, path)
    return path


def filming(minutes, container):
    """ffmpeg that writes so many minutes to its output."""
    return subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-stream_loop", str(minutes - 1), "-i", scene(), "-c", "copy",
                             *FORMATS[container], "-"], stdout=subprocess.PIPE)


def film(server, home, minutes, container, each=lambda sent: None, query=""):
    """Send them as one chunked body; each() is called after every piece. The answer."""
    sender = Sender(server, home.camera_id, home.camera_secret, f"day.{container}", query=query, timeout=600)
    with filming(minutes, container) as camera:
        while piece := camera.stdout.read(PIECE):
            sender.send(piece)
            each(sender.sent)
    return sender.finish()


def resident(server):
    """KiB, private dirty, of the server and its workers; PostgreSQL and its caches are not what is asked."""
    def ours(pid):
        try:
            return os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith("doorward")
        except OSError:
            return False
    return sum(private_kib(p) for p in tree(server.process.pid) if ours(p))


def pictures(server, home):
    for clip in sorted(home.clips(), key=lambda c: c["started_at"]):
        with tempfile.NamedTemporaryFile(suffix=".mp4") as f:
            done = server.curl("-f", "-H", f"Authorization: Bearer {home.token}", "-o", f.name, clip["urls"]["mp4"])
            assert done.returncode == 0, done.stderr
            yield from nal.each(["-ignore_editlist", "1", "-i", f.name], "h264")
