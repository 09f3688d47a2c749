# SPDX-License-Identifier: Apache-2.0
"""A camera whose picture is the time: 60 bits of Unix milliseconds as black and white blocks, so that a test reads from any
decoded frame when it was taken. tests/web/clock.mjs reads it in a browser."""
import subprocess
import tempfile
import threading
import time

WIDTH, HEIGHT, BLOCK, BITS = 320, 180, 16, 60
BLACK, WHITE, GREY = b"\x10" * BLOCK, b"\xeb" * BLOCK, b"\x80" * WIDTH


def frame(unix_ms):
    """One grey picture: three rows of twenty blocks, the highest bit first."""
    bits = [unix_ms >> (BITS - 1 - i) & 1 for i in range(BITS)]
    rows = [b"".join(WHITE if b else BLACK for b in bits[at : at + 20]) * BLOCK for at in range(0, BITS, 20)]
    return b"".join(rows) + GREY * (HEIGHT - 3 * BLOCK)


def encoder(fps, gop_s, sound, out):
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000"] if sound else []
    return ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(fps), "-i", "pipe:0", *tone,
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-g", str(int(gop_s * fps)),
            *(["-c:a", "aac", "-b:a", "32k", "-shortest"] if sound else []), *out]


def film(begin_s, seconds, fps=10, gop_s=2, sound=True):
    """A file of footage that was taken from begin_s on (Unix time, may be a fraction); the bytes of an MP4."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as f:
        p = subprocess.Popen(encoder(fps, gop_s, sound, ["-t", str(seconds), "-movflags", "+faststart", f.name]), stdin=subprocess.PIPE)
        for i in range(round(seconds * fps)):
            p.stdin.write(frame(round((begin_s + i / fps) * 1000)))
        p.stdin.close()
        if p.wait(120) != 0:
            raise AssertionError("the encoder failed")
        return f.read()


class LiveCamera:
    """Sends what it sees, as it sees it, in one endless body: encoder | curl. A context manager."""

    def __init__(self, server, camera_id, secret, fps=25, gop_s=1, name="live.mp4"):
        self.fps = fps
        out = ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "100000", "-flush_packets", "1", "-f", "mp4", "pipe:1"]
        self.encoder = subprocess.Popen(encoder(fps, gop_s, False, out), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.curl = subprocess.Popen(["curl", "-sS", "--cacert", server.ca_file, "-u", f"cam:{secret}", "-T", "-", "-H", "Expect:",
                                      f"{server.url}/ingest/{camera_id}/{name}?kind=continuous"],
                                     stdin=self.encoder.stdout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.encoder.stdout.close()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.film, daemon=True)
        self.thread.start()

    def film(self):
        begin = time.monotonic()
        n = 0
        try:
            while not self.over.wait(max(0, begin + n / self.fps - time.monotonic())):
                self.encoder.stdin.write(frame(round(time.time() * 1000)))
                self.encoder.stdin.flush()
                n += 1
            self.encoder.stdin.close()
        except OSError:
            pass  # the other end is gone: curl says why

    def stop(self):
        """End the body as a camera that is done; what the server answered."""
        self.over.set()
        self.thread.join(10)
        said, _ = self.curl.communicate(timeout=60)
        self.encoder.wait(10)
        return said

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.over.set()
        for p in (self.encoder, self.curl):
            if p.poll() is None:
                p.kill()
            p.wait()
