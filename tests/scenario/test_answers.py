# SPDX-License-Identifier: Apache-2.0
"""What the server answers is what docs/openapi.yaml says."""
import os
import time
import unittest

from agency import Agency, film, placed_home, wait_for_undo
from doorward import ROOT, Scenario

try:
    import yaml
except ImportError:
    yaml = None


def describe():
    """The document, and the part of the lint that checks a value against a schema."""
    with open(os.path.join(ROOT, "tests", "lint", "openapi.py"), encoding="utf-8") as f:
        lint = {}
        exec(compile(f.read().split("\ndef main")[0], "openapi.py", "exec"), lint)
    with open(os.path.join(ROOT, "docs", "openapi.yaml"), encoding="utf-8") as f:
        return yaml.safe_load(f), lint["resolve"], lint["fits"]


@unittest.skipIf(yaml is None, "python3-yaml is not installed")
class Answers(Scenario):
    def fit(self, operation, answer):
        method, path = operation.split()
        described = self.resolve(self.document, self.document["paths"][path][method.lower()]["responses"][str(answer.status)])
        schema = described["content"]["application/json"]["schema"]
        self.assertEqual(list(self.fits(self.document, schema, answer.json, operation)), [])
        return answer.json

    def test_every_answer_of_the_story_fits_its_schema(self):
        self.document, self.resolve, self.fits = describe()
        agency, home = Agency(self.server), placed_home(self.server)
        begin = int(time.time()) - 3600
        clip = film(home, begin)
        for _ in range(2):
            self.fit("POST /api/v1/requests", agency.ask(begin - 60, begin + 900))
        self.fit("GET /api/v1/requests", agency.get("/api/v1/requests?limit=1"))
        items = self.fit("GET /api/v1/inbox", home.get("/api/v1/inbox"))["items"]
        self.fit("GET /api/v1/inbox/{id}", home.get(f"/api/v1/inbox/{items[0]['id']}"))
        grant = self.fit("POST /api/v1/inbox/{id}/accept", home.post(f"/api/v1/inbox/{items[0]['id']}/accept", {"clip_ids": [clip["id"]]}))
        self.fit("POST /api/v1/inbox/{id}/decline", home.post(f"/api/v1/inbox/{items[1]['id']}/decline"))
        self.fit("GET /api/v1/grants", home.get("/api/v1/grants"))
        self.fit("GET /api/v1/grants/{id}", home.get(f"/api/v1/grants/{grant['id']}"))
        wait_for_undo(grant)
        self.assertEqual(len(self.fit("GET /api/v1/evidence", agency.get("/api/v1/evidence"))["items"]), 1)
        self.fit("POST /api/v1/grants/{id}/withdraw", home.post(f"/api/v1/grants/{grant['id']}/withdraw"))
        self.fit("GET /api/v1/cameras", home.get("/api/v1/cameras"))
        self.fit("POST /api/v1/cameras/{id}/secret", home.post(f"/api/v1/cameras/{home.camera_id}/secret"))
        self.fit("GET /api/v1/sessions", home.get("/api/v1/sessions"))
        for caller in (home, agency):
            self.fit("GET /api/v1/session", caller.get("/api/v1/session"))
            self.fit("GET /api/v1/ledger", caller.get("/api/v1/ledger"))
        self.fit("GET /api/v1/clips", home.get("/api/v1/clips"))
        self.fit("GET /api/v1/clips/{id}", home.get(f"/api/v1/clips/{clip['id']}"))


if __name__ == "__main__":
    unittest.main()
