# SPDX-License-Identifier: Apache-2.0
"""The timeline, keeping and storage pages in Chromium against the real server, with footage whose pictures say when they were taken."""
import json
import os
import sys
import time
import unittest

from clockcam import film
from doorward import Home, Scenario, wait_for
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_web import Node, TESTS, iso, need_browser  # noqa: E402


class TimelineTest(Node, Scenario):
    """An hour ago: two clips that touch, five minutes of nothing, one more clip."""

    @classmethod
    def setUpClass(cls):
        need_browser()
        super().setUpClass()
        cls.prepare_node()

    def send(self, home, begin, seconds, kind):
        answer = self.server.upload(home, None, f"clip-{begin}.mp4", f"kind={kind}&started_at={iso(begin)}", data=film(begin, seconds))
        self.assertEqual(answer.status, 201, answer)
        return [begin * 1000, (begin + seconds) * 1000]

    def test_the_owner_uses_the_timeline_in_chromium(self):
        home = Home(self.server, "Alder Street 12", None, 0)
        home.cameras = [home.add_camera("Front door")]
        home.camera_id, home.camera_secret = home.cameras[0]
        begin = int(time.time()) - 3600
        spans = [self.send(home, begin, 60, "motion"), self.send(home, begin + 60, 60, "person"), self.send(home, begin + 420, 60, "ring")]
        wait_for("the timeline", lambda: home.get(f"/api/v1/cameras/{home.camera_id}/timeline?from={iso(begin)}&to={iso(begin + 600)}").json["runs"])
        told = {"url": self.server.url, "email": home.email, "password": home.password, "camera": home.camera_id, "spans": spans}
        print(self.node("--test", os.path.join(TESTS, "real_timeline.test.mjs"), DOORWARD_HOME=json.dumps(told)))


if __name__ == "__main__":
    unittest.main()
