# SPDX-License-Identifier: Apache-2.0
"""What a household reads back of a clip: the MP4, and the joined byte ranges of the HLS playlist. For scenarios with home and work."""
import os
import re


class ReadBack:
    def read_mp4(self, clip):
        path = os.path.join(self.work.name, "back.mp4")
        answer = self.home.get(clip["urls"]["mp4"])
        self.assertEqual(answer.status, 200, answer)
        with open(path, "wb") as f:
            f.write(answer.body)
        return path

    def read_hls(self, clip):
        """The playlist's map and byte ranges, one after another."""
        text = self.home.get(clip["urls"]["hls"]).body.decode()
        base = clip["urls"]["hls"].rsplit("/", 1)[0]
        path = os.path.join(self.work.name, "joined.mp4")

        def piece(uri, byte_range):
            n, at = (int(v) for v in byte_range.split("@"))
            answer = self.home.get(f"{base}/{uri}", headers={"Range": f"bytes={at}-{at + n - 1}"})
            self.assertIn(answer.status, (200, 206), answer)
            self.assertEqual(len(answer.body), n)
            return answer.body
        with open(path, "wb") as f:
            byte_range = None
            for line in text.splitlines():
                m = re.match(r'#EXT-X-MAP:URI="([^"]+)",BYTERANGE="([^"]+)"', line)
                if m:
                    f.write(piece(*m.groups()))
                elif line.startswith("#EXT-X-BYTERANGE:"):
                    byte_range = line.split(":", 1)[1]
                elif line and not line.startswith("#"):
                    f.write(piece(line, byte_range))
        return path
