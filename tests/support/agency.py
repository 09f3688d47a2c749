# SPDX-License-Identifier: Apache-2.0
"""An agency, its officers, and homes with a camera at a known place, for scenarios."""
import datetime
import time

from doorward import Home, sample

AREA = [[8.045, 50.045], [8.055, 50.045], [8.055, 50.0525], [8.045, 50.0525]]  # about 0.6 km2
PLACE = (8.05, 50.048)
ELSEWHERE = [[8.08, 50.08], [8.09, 50.08], [8.09, 50.0875], [8.08, 50.0875]]


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Agency:
    _count = 0

    def __init__(self, server, name=None):
        Agency._count += 1
        self.server = server
        self.domain = f"police{Agency._count}.example.gov"
        self.name = name or f"Alder Falls Police {Agency._count}"
        self.id = server.admin("agency", "admit", "--name", self.name, "--kind", "police", "--domain", self.domain, "--contact", "desk",
                               "--act-title", "Resolution 12", "--act-url", "https://example.gov/act", "--act-date", "2026-01-31",
                               "--jurisdiction", "8,50 8.1,50 8.1,50.1 8,50.1", "--staff", "Ann", "--staff", "Bob")["id"]
        self.officer = self.add_officer("requester", "Dana Reyes")
        self.token = self.officer["token"]
        self._cases = 0

    def add_officer(self, role, name):
        return self.server.admin("officer", "create", "--agency", self.id, "--email", f"{role}@{self.domain}", "--name", name, "--badge", "77",
                                 "--role", role)

    def get(self, path, **more):
        return self.server.get(path, token=self.token, **more)

    def post(self, path, body=None, **more):
        return self.server.post(path, body, token=self.token, **more)

    def ask(self, begin, end, **changes):
        """Ask for the window [begin, end] in seconds; a new case each time."""
        self._cases += 1
        body = {"case": f"26-{self._cases}", "incident": "theft", "contact": "Property desk", "reason": "A van was broken into.",
                "polygon": AREA, "from": rfc3339(begin), "to": rfc3339(end)}
        body.update(changes)
        return self.post("/api/v1/requests", {k: v for k, v in body.items() if v is not None})


def placed_home(server, place=PLACE):
    """A household whose one camera has a place."""
    home = Home(server, "Home", None, 0)
    made = server.admin("camera", "create", "--household", home.household_id, "--name", "Front door", "--lon", str(place[0]), "--lat",
                        str(place[1]))
    home.camera_id, home.camera_secret = made["id"], made["secret"]
    home.cameras = [(home.camera_id, home.camera_secret)]
    return home


def film(home, begin, name="clip.mp4", path=None):
    """Upload a clip that begins at that time; the Clip of the answer."""
    answer = home.server.upload(home, path or sample(12), name=name, query=f"started_at={rfc3339(begin)}&kind=motion")
    assert answer.status == 201, answer
    return answer.json["clip"]


def wait_for_undo(grant):
    time.sleep(max(0, seconds(grant["visible_at"]) - time.time()) + 0.3)
