# SPDX-License-Identifier: Apache-2.0
"""A camera whose picture tells when it was taken: the wall clock in milliseconds, written as 48 black and white blocks in the top rows
(40 bits, the high one first, then their 8-bit sum). As a module: ClockCamera pushes it to a server by ffmpeg. As a program: raw frames
to standard output, in real time."""
import subprocess
import sys
import time

WIDTH, HEIGHT, BLOCK, BITS = 768, 432, 16, 48
WHITE, BLACK, GREY = b"\xeb", b"\x10", b"\x60"


def blocks(milliseconds):
    """The bits as they stand in the picture, '1' is white."""
    value = milliseconds & (1 << 40) - 1
    return f"{value:040b}{sum(value.to_bytes(5, 'big')) & 255:08b}"


def frame(milliseconds, rest):
    row = b"".join((WHITE if bit == "1" else BLACK) * BLOCK for bit in blocks(milliseconds))
    return row * BLOCK + rest


def run(rate, seconds):
    """Frames at their times; one that is late is left out, as a camera does."""
    rest = GREY * (WIDTH * (HEIGHT - BLOCK)) + b"\x80" * (WIDTH * HEIGHT // 2)
    begin, n = time.monotonic(), 0
    while n < rate * seconds:
        wait = begin + n / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        sys.stdout.buffer.write(frame(int(time.time() * 1000), rest))
        sys.stdout.buffer.flush()
        n += 1


class ClockCamera:
    """Pushes until it is closed, or for so many seconds. gop: seconds between key pictures."""

    def __init__(self, server, camera_id, secret, seconds=3600, rate=25, gop=1, form="mp4", name="clock.mp4"):
        self.frames = subprocess.Popen([sys.executable, __file__, str(rate), str(seconds)], stdout=subprocess.PIPE)
        form_options = (["-f", "mpegts", "-muxdelay", "0", "-muxpreload", "0"] if form == "ts" else
                        ["-movflags", "frag_every_frame+empty_moov+default_base_moof", "-f", "mp4"])
        url = f"{server.url}/ingest/{camera_id}/{name}".replace("://", f"://cam:{secret}@")
        self.push = subprocess.Popen(
            ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(rate), "-probesize", "32",
             "-fflags", "nobuffer", "-i", "-", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(int(rate * gop)),
             "-x264-params", "scenecut=0", "-flush_packets", "1", *form_options, "-method", "PUT", "-tls_verify", "0", "-auth_type", "basic", url],
            stdin=self.frames.stdout, stderr=subprocess.PIPE)
        self.frames.stdout.close()

    def close(self):
        self.frames.kill()
        self.frames.wait()
        try:
            self.push.wait(30)
        except subprocess.TimeoutExpired:
            self.push.kill()
            self.push.wait()
        self.push.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


if __name__ == "__main__":
    try:
        run(int(sys.argv[1]), int(sys.argv[2]))
    except BrokenPipeError:
        pass
