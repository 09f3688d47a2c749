# SPDX-License-Identifier: Apache-2.0
"""tus 1.0.0: tus-js-client from npm as it is, and the protocol's corners by hand."""
import base64
import hashlib
import json
import os
import shutil
import unittest

import npm
from doorward import ROOT, Scenario, sample, wait_for

CLIENT = os.path.join(ROOT, "tests", "scenario", "tus_upload.mjs")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def b64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class JsClient(Scenario):
    env = {"DOORWARD_LOOPS": "2"}

    @classmethod
    def setUpClass(cls):
        if not shutil.which("npm"):
            raise unittest.SkipTest("npm is not here")
        super().setUpClass()

    def setUp(self):
        self.home = self.server.household()
        self.file = sample(8)
        self.body = read(self.file)

    def run_client(self, **job):
        job = {"file": self.file, "endpoint": f"https://localhost:{self.server.port}/ingest/{self.home.camera_id}/tus",
               "authorization": "Basic " + b64(f"cam:{self.home.camera_secret}"), **job}
        job.setdefault("options", {}).setdefault("metadata", {"filename": "clip.mp4", "filetype": "video/mp4", "kind": "motion",
                                                              "started_at": "2026-01-02T03:04:05Z"})
        r = npm.node(read(CLIENT).decode(), json.dumps(job), env={"NODE_EXTRA_CA_CERTS": self.server.ca_file})
        self.assertEqual(r.returncode, 0, r.stderr)
        return json.loads(r.stdout)

    def uploaded(self, **job):
        """What the client did, once the clip was seen to be the file."""
        told = self.run_client(**job)
        [clip] = self.home.clips()
        self.assertEqual((clip["sha256"], clip["partial"]), (sha256(self.body), False))
        self.assertEqual((clip["name"], clip["kind"], clip["started_at"]), ("clip.mp4", "motion", "2026-01-02T03:04:05.000Z"))
        self.assertEqual(told["clip"], f"/api/v1/clips/{clip['id']}")
        return told

    def test_in_one_piece(self):
        self.assertEqual(self.uploaded()["requests"], ["POST", "PATCH"])

    def test_in_chunks(self):
        told = self.uploaded(options={"chunkSize": 50000})
        self.assertEqual(told["requests"], ["POST"] + ["PATCH"] * -(-len(self.body) // 50000))

    def test_with_the_first_bytes_in_the_creation(self):
        self.assertEqual(self.uploaded(options={"uploadDataDuringCreation": True})["requests"], ["POST"])

    def test_with_the_first_chunk_in_the_creation(self):
        told = self.uploaded(options={"uploadDataDuringCreation": True, "chunkSize": 100000})
        self.assertEqual(told["requests"], ["POST"] + ["PATCH"] * (-(-len(self.body) // 100000) - 1))

    def test_of_a_length_that_is_told_at_the_end(self):
        self.uploaded(unknownLength=True, options={"uploadLengthDeferred": True, "chunkSize": 60000})

    def test_in_parallel_parts(self):
        told = self.uploaded(options={"parallelUploads": 3})
        self.assertEqual(sorted(told["requests"]), ["PATCH"] * 3 + ["POST"] * 4)
        wait_for("the files to go", lambda: os.listdir(os.path.join(self.server.data, "spool", "resumable")) == [])

    def test_aborted_and_taken_up_again(self):
        told = self.uploaded(abortAt=60000, options={"chunkSize": 30000})
        self.assertIn("HEAD", told["requests"])

    def test_where_only_post_comes_through(self):
        self.assertEqual(self.uploaded(options={"overridePatchMethod": True})["requests"], ["POST", "POST"])

    def test_aborted_for_good(self):
        self.run_client(abortAt=60000, terminate=True, options={"chunkSize": 30000})
        self.assertEqual(self.home.clips(), [])
        self.assertEqual(os.listdir(os.path.join(self.server.data, "spool", "resumable")), [])


class Protocol(Scenario):
    env = {"DOORWARD_LOOPS": "2", "DOORWARD_RESUMABLE_KEEP_S": "3600"}

    def setUp(self):
        self.home = self.server.household()
        self.body = read(sample())

    def ask(self, method, path=None, body=None, headers=None, version="1.0.0", home=None):
        home = home or self.home
        headers = {**({"Tus-Resumable": version} if version else {}), **(headers or {})}
        return self.server.request(method, path or f"/ingest/{home.camera_id}/tus", body=body, headers=headers,
                                   basic=("cam", home.camera_secret))

    def create(self, length=None, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        answer = self.ask("POST", headers={"Upload-Length": str(len(self.body) if length is None else length), **headers})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.headers["Tus-Resumable"], "1.0.0")
        return answer.headers["Location"]

    def patch(self, path, offset, body, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.ask("PATCH", path, body, {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream", **headers})

    def offset(self, path):
        return int(self.ask("HEAD", path).headers["Upload-Offset"])

    def test_options_tell_what_is_spoken(self):
        answer = self.server.request("OPTIONS", f"/ingest/{self.home.camera_id}/tus")
        self.assertEqual((answer.status, answer.headers["Tus-Version"], answer.headers["Tus-Checksum-Algorithm"]), (204, "1.0.0", "sha1,sha256"))
        self.assertEqual(set(answer.headers["Tus-Extension"].split(",")), {"creation", "creation-with-upload", "creation-defer-length", "checksum",
                                                                           "expiration", "termination", "concatenation"})
        self.assertGreater(int(answer.headers["Tus-Max-Size"]), 0)

    def test_another_version_is_refused(self):
        for version in (None, "0.2.2", "2.0.0"):
            answer = self.ask("POST", headers={"Upload-Length": "5"}, version=version)
            self.assertEqual((answer.status, answer.headers["Tus-Version"]), (412, "1.0.0"))

    def test_creation_wants_one_length(self):
        self.assertEqual(self.ask("POST").status, 400)
        self.assertEqual(self.ask("POST", headers={"Upload-Length": "5", "Upload-Defer-Length": "1"}).status, 400)
        self.assertEqual(self.ask("POST", headers={"Upload-Defer-Length": "2"}).status, 400)
        self.assertEqual(self.ask("POST", headers={"Upload-Length": "-5"}).status, 400)
        self.assertEqual(self.ask("POST", headers={"Upload-Length": str(1 << 50)}).status, 413)
        self.assertEqual(self.ask("POST", headers={"Upload-Length": "5", "Upload-Metadata": "kind !!"}).status, 400)
        self.assertEqual(self.ask("POST", headers={"Upload-Length": "5", "Upload-Metadata": "kind " + b64("odd")}).status, 422)

    def test_head_tells_all(self):
        metadata = f"filename {b64('clip.mp4')},kind {b64('ring')}"
        path = self.create(Upload_Metadata=metadata)
        self.assertEqual(self.patch(path, 0, self.body[:1000]).status, 204)
        head = self.ask("HEAD", path)
        self.assertEqual((head.status, head.headers["Upload-Offset"], head.headers["Upload-Length"]), (200, "1000", str(len(self.body))))
        self.assertEqual((head.headers["Upload-Metadata"], head.headers["Cache-Control"]), (metadata, "no-store"))
        self.assertIn("GMT", head.headers["Upload-Expires"])

    def test_wrong_offsets_and_types_are_refused(self):
        path = self.create()
        self.assertEqual(self.patch(path, 0, self.body[:1000]).status, 204)
        for offset in (0, 999, 1001, 1 << 40):
            answer = self.patch(path, offset, b"x")
            self.assertEqual((answer.status, answer.headers["Upload-Offset"]), (409, "1000"))
        self.assertEqual(self.patch(path, 1000, self.body).status, 409)  # past the end
        self.assertEqual(self.patch(path, 1000, b"x", Content_Type="video/mp4").status, 415)
        self.assertEqual(self.ask("PATCH", path, b"x", {"Content-Type": "application/offset+octet-stream"}).status, 400)
        self.assertEqual(self.offset(path), 1000)
        self.assertEqual(self.patch(path, 1000, self.body[1000:]).status, 204)
        self.assertEqual([c["sha256"] for c in self.home.clips()], [sha256(self.body)])
        # the last request again, without bytes: what a client does that lost the answer
        answer = self.patch(path, len(self.body), b"")
        self.assertEqual((answer.status, answer.headers["Doorward-Clip"]), (204, f"/api/v1/clips/{self.home.clips()[0]['id']}"))
        self.assertEqual(self.offset(path), len(self.body))

    def test_checksums_decide_what_is_kept(self):
        path = self.create()
        half = len(self.body) // 2
        first, second = self.body[:half], self.body[half:]
        wrong = self.patch(path, 0, first, Upload_Checksum="sha1 " + b64(hashlib.sha1(second).digest()))
        self.assertEqual((wrong.status, wrong.problem, wrong.headers["Upload-Offset"]), (460, "checksum_mismatch", "0"))
        self.assertEqual(self.offset(path), 0)
        self.assertEqual(self.patch(path, 0, first, Upload_Checksum="md5 " + b64(b"x" * 16)).status, 400)
        self.assertEqual(self.patch(path, 0, first, Upload_Checksum="sha1 " + b64(hashlib.sha1(first).digest())).status, 204)
        wrong = self.patch(path, half, second, Upload_Checksum="sha256 " + b64(hashlib.sha256(first).digest()))
        self.assertEqual((wrong.status, self.offset(path), self.home.clips()), (460, half, []))
        self.assertEqual(self.patch(path, half, second, Upload_Checksum="sha256 " + b64(hashlib.sha256(second).digest())).status, 204)
        self.assertEqual([c["sha256"] for c in self.home.clips()], [sha256(self.body)])

    def test_a_deferred_length_may_come_with_the_last_bytes(self):
        answer = self.ask("POST", headers={"Upload-Defer-Length": "1"})
        path = answer.headers["Location"]
        self.assertEqual(self.patch(path, 0, self.body[:5000]).status, 204)
        self.assertEqual(self.ask("HEAD", path).headers["Upload-Defer-Length"], "1")
        self.assertEqual(self.patch(path, 5000, self.body[5000:], Upload_Length=str(len(self.body))).status, 204)
        self.assertEqual([c["sha256"] for c in self.home.clips()], [sha256(self.body)])

    def test_a_length_cannot_be_changed(self):
        path = self.create()
        self.assertEqual(self.patch(path, 0, b"x", Upload_Length=str(len(self.body) + 1)).status, 409)
        self.assertEqual(self.offset(path), 0)

    def test_ended_it_is_gone(self):
        path = self.create()
        self.assertEqual(self.patch(path, 0, self.body[:1000]).status, 204)
        self.assertEqual(self.ask("DELETE", path).status, 204)
        self.assertEqual([self.ask("HEAD", path).status, self.patch(path, 1000, b"x").status, self.ask("DELETE", path).status], [404] * 3)

    def test_parts_are_joined_in_the_order_told(self):
        third = len(self.body) // 3
        bounds = [(0, third), (third, 2 * third), (2 * third, len(self.body))]
        parts = [self.create(b - a, Upload_Concat="partial") for a, b in bounds]
        for path, (a, b) in zip(parts[:2], bounds[:2]):
            self.assertEqual(self.patch(path, 0, self.body[a:b]).status, 204)
        final = {"Upload-Concat": "final;" + " ".join(parts), "Upload-Metadata": f"filename {b64('joined.mp4')}"}
        unfinished = self.ask("POST", headers=final)
        self.assertEqual((unfinished.status, unfinished.problem), (409, "conflict"))
        self.assertEqual(self.home.clips(), [])
        self.assertEqual(self.patch(parts[2], 0, self.body[bounds[2][0]:]).status, 204)
        self.assertEqual(self.ask("HEAD", parts[2]).headers["Upload-Concat"], "partial")
        answer = self.ask("POST", headers=final)
        self.assertEqual(answer.status, 201, answer)
        [clip] = self.home.clips()
        self.assertEqual((clip["sha256"], clip["name"], answer.headers["Doorward-Clip"]), (sha256(self.body), "joined.mp4", f"/api/v1/clips/{clip['id']}"))
        head = self.ask("HEAD", answer.headers["Location"])
        self.assertEqual((head.headers["Upload-Concat"], head.headers["Upload-Offset"]), (final["Upload-Concat"], str(len(self.body))))
        self.assertEqual(self.patch(answer.headers["Location"], len(self.body), b"x").status, 403)
        self.assertEqual(self.ask("POST", headers=final).status, 404)  # the parts are used up

    def test_a_strangers_part_is_not_joined(self):
        other = self.server.household("Other")
        path = self.ask("POST", headers={"Upload-Length": "5", "Upload-Concat": "partial"}, home=other).headers["Location"]
        self.assertEqual(self.ask("PATCH", path, b"12345", {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, home=other).status, 204)
        self.assertEqual(self.ask("POST", headers={"Upload-Concat": f"final;{path}"}).status, 404)
        mine = path.replace(other.camera_id, self.home.camera_id)
        self.assertEqual([self.ask("HEAD", mine).status, self.ask("DELETE", mine).status], [404, 404])
        self.assertEqual(self.ask("HEAD", path, home=other).status, 200)


if __name__ == "__main__":
    unittest.main()
